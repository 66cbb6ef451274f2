#!/usr/bin/env python3
"""Compares evaluations of the carried set with an independent model.

usage: compare_model.py MODEL.py UNIVERSES

UNIVERSES has one Python literal a line: (items, carried, members, order),
items as the model takes them. The model compares ids by (7 n) mod 11 in
places; here a number stands for its own rank among the ids in all of them.
"""
import ast
import importlib.util
import sys


class Id(int):
    def __mul__(self, other):
        return self

    def __mod__(self, other):
        return self


def load(path):
    spec = importlib.util.spec_from_file_location("model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ids(numbers):
    return tuple(Id(n) for n in numbers)


def item(model, fields):
    n, kind, by, tgt, ordi, prev, t0, t2, parents, lst = fields
    return model.I(Id(n), kind, by, tgt, ordi,
                   None if prev is None else Id(prev),
                   ids(t0), ids(t2), ids(parents), ids(lst), ())


def main():
    model = load(sys.argv[1])
    bad = count = 0
    with open(sys.argv[2], encoding="ascii") as f:
        for line in f:
            items, carried, members, order = ast.literal_eval(line)
            result = model.F2([item(model, i) for i in items])
            ranks = result[2]
            wanted = (sorted(result[0]), sorted(result[1]),
                      sorted(ranks, key=ranks.get))
            got = (sorted(carried), sorted(members), list(order))
            count += 1
            if wanted != got:
                bad += 1
                if bad < 4:
                    print("differs:", items, "model", wanted, "ours", got)
    print(f"{count} universes compared with the model, {bad} differ")
    return bad != 0 or count == 0


sys.exit(main())
