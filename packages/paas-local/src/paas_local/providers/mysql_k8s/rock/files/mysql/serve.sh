#!/bin/sh
# Becomes the server of the data in a folder: serve.sh FOLDER [OPTION…]. If there is no data, it is created first, under
# another name until it is complete.
set -eu

data="$1"
shift
if [ ! -d "$data" ]; then
    rm -rf "$data.new"
    # The user that runs the server may administer it through its socket.
    mariadb-install-db --no-defaults --datadir="$data.new" --basedir=/usr --skip-test-db --skip-name-resolve \
        --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" > /dev/null
    mv "$data.new" "$data"
fi
exec mariadbd --no-defaults --datadir="$data" "$@"
