"""The floor of `plan`: a bare python with psycopg reads grouped.sql and does nothing with it."""

import sys
from pathlib import Path

import psycopg

with psycopg.connect(sys.argv[1], autocommit=True) as connection, connection.pipeline():
    cursors = [
        connection.execute(query.encode())
        for query in Path(__file__).with_suffix(".sql").read_text().split(";\n\n")
    ]
    rows = [cursor.fetchall() for cursor in cursors]
