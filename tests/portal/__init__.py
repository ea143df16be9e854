"""Tests of the desk: pages, fragments and live sockets."""
