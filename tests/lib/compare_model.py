#!/usr/bin/env python3
"""Compares evaluations of the carried set with an independent model.

usage: compare_model.py MODEL.py UNIVERSES

UNIVERSES has one Python literal a line: (items, carried, members, order,
suspended), items as the model takes them. The model compares ids by
(7 n) mod 11 in places; here a number stands for its own rank among the ids in
all of them. suspended None: it is not compared.

The model can be told to make mistakes, each a hole of an earlier draft. The
universes have to show each of them, or they are too few to show ours.
"""
import importlib.util
import sys

MISTAKES = ("roster_park", "self_void", "no_inert", "rec_first")


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
    n, kind, by, tgt, ordi, prev, t0, t2, parents, lst, roster = fields
    return model.I(Id(n), kind, by, tgt, ordi,
                   None if prev is None else Id(prev),
                   ids(t0), ids(t2), ids(parents), ids(lst), ids(roster))


def evaluate(model, items, mistakes=()):
    carried, members, ranks, suspended = model.F2(items, mistakes)[:4]
    return (sorted(carried), sorted(members), sorted(ranks, key=ranks.get),
            sorted(suspended))


def main():
    model = load(sys.argv[1])
    bad = count = 0
    shown = dict.fromkeys(MISTAKES, 0)
    with open(sys.argv[2], encoding="ascii") as f:
        for line in f:
            # Our own test wrote it, and literal_eval takes its time.
            fields, carried, members, order, suspended = eval(line)
            items = [item(model, i) for i in fields]
            wanted = evaluate(model, items)
            got = (sorted(carried), sorted(members), list(order),
                   wanted[3] if suspended is None else sorted(suspended))
            count += 1
            if wanted != got:
                bad += 1
                if bad < 4:
                    print("differs:", fields, "model", wanted, "ours", got)
            for mistake in MISTAKES:
                if shown[mistake] < 10:
                    shown[mistake] += wanted != evaluate(model, items,
                                                         (mistake,))
    print(f"{count} universes compared with the model, {bad} differ")
    for mistake, n in shown.items():
        if n == 0:
            print(f"no universe shows the mistake {mistake}")
            bad += 1
    return bad != 0 or count == 0


sys.exit(main())
