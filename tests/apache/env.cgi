#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints its environment; asked for "?cacheable", as something that any cache may keep.
echo "Content-Type: text/plain"
[ "$QUERY_STRING" != cacheable ] || echo "Cache-Control: public, max-age=600"
echo
env
