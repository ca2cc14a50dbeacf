#!/bin/sh
# What docker-compose.yaml asks of the image's script of this name: does the server take connections over the network?
exec mariadb-admin --host 127.0.0.1 --user healthcheck ping --connect-timeout 3
