#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Invented units with one principal each, for measurements.

    units.py N DIR [UNITS]      writes DIR/units.csv, DIR/roster.csv and DIR/persons.jsonl
                                ({"unit", "person"} a line); UNITS: as many of them in units.csv
                                alone, N of them first

Codes and numbers have right check characters (GB 32100-2015, GB 11714-1997, GB 11643-1999); the
organisation codes begin with MB, the resident ID numbers are of one region and one day, so that
nobody's are likely to be among them."""
import csv
import json
import sys

BODY = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SURNAMES = "赵钱孙李周吴郑王冯陈"
NAMES = "一二三四五六七八九十"


def organisation(n):
    text = f"MB{n:06d}"
    check = 11 - sum(BODY.index(c) * w for c, w in zip(text, (3, 7, 9, 10, 5, 8, 4, 2))) % 11
    return text + {10: "X", 11: "0"}.get(check, str(check))


def unit_code(n):
    text = "12430000" + organisation(n)
    total = sum(CODE.index(c) * pow(3, i, 31) for i, c in enumerate(text))
    return text + CODE[(31 - total % 31) % 31]


def resident(n):
    text = f"430199{19700101 + n // 1000:08d}{n % 1000:03d}"
    total = sum(int(c) * pow(2, 17 - i, 11) for i, c in enumerate(text))
    return text + "10X98765432"[total % 11]


def person(n):
    name = SURNAMES[n % 10] + NAMES[n // 10 % 10] + NAMES[n // 100 % 10]
    return {"name": name, "resident_id": resident(n), "mobile": f"139{n:08d}"}


def main(n, folder, n_units):
    columns = ("code,name,purpose,address,legal_representative,funding,capital,organiser,"
               "authority,certificate,valid_from,valid_to")
    with open(f"{folder}/units.csv", "w", encoding="utf-8") as units, \
            open(f"{folder}/roster.csv", "w", encoding="utf-8") as roster, \
            open(f"{folder}/persons.jsonl", "w", encoding="utf-8") as persons:
        out = csv.writer(units, lineterminator="\n")
        out.writerow(columns.split(","))
        print("name,resident_id,mobile", file=roster)
        for i in range(n_units):
            code, who = unit_code(i), person(i)
            out.writerow([code, f"测量用示例单位{i}", "测量", "长沙市示例路1号", who["name"], "财政补助", "100万元",
                          "湖南省示例厅",
                          "湖南省事业单位登记管理局", f"1430{i:08d}", "2024-01-01", "2028-12-31"])
            if i >= n:
                continue
            print(",".join(who.values()), file=roster)
            print(json.dumps({"unit": code, "person": who}, ensure_ascii=False), file=persons)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[-1] if len(sys.argv) == 4 else sys.argv[1]))
