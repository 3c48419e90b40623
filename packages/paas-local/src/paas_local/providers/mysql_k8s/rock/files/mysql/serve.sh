#!/bin/sh
# Becomes the server of the data in a folder: serve.sh FOLDER [OPTION…]. Data that is not there is made first, under
# another name until it is whole.
set -eu

data="$1"
shift
if [ ! -d "$data" ]; then
    rm -rf "$data.new"
    # Who runs the server may administer it, by its socket.
    mariadb-install-db --no-defaults --datadir="$data.new" --basedir=/usr --skip-test-db --skip-name-resolve \
        --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" > /dev/null
    mv "$data.new" "$data"
fi
exec mariadbd --no-defaults --datadir="$data" "$@"
