module go-test

go 1.22
