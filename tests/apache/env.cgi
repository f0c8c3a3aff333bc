#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints its environment. A query "Name:value&..." gives headers of the answer.
case $QUERY_STRING in
*Content-Type:*) ;;
*) echo "Content-Type: text/plain" ;;
esac
echo "$QUERY_STRING" | tr '&' '\n' | sed -n 's/%20/ /g; /:/p'
echo
env
