/*
 * Two honest devices of one person, P and Q, which replicate class by class
 * with each other and with a keeper that lies as it likes. What is carried is
 * the rule of proto/README.md, over nine items that hold its corners: a senior
 * revoking a sponsor, puppets, a revocation that goes upwards, one that names
 * late tips, a device that revokes itself, and an entry over an entry of the
 * revoked.
 *
 * Checked by spin, for every pair of held sets, every interleaving, and every
 * lie of the keeper:
 *   assertions   power flows only downward; a revoked device brings in nobody;
 *                sets that differ have something to exchange, in class 0 alone
 *                as well (the lemma); a run ends within its rounds
 *   LTL equal    P and Q end with equal carried sets, for ever
 *
 * Bounds: 4 devices, 9 items, 2 honest nodes, 1 keeper. Not in it: keys,
 * RECOVERY, SUSPEND, GROUP, signatures (a keeper cannot forge), clocks.
 *
 * Each of these breaks a rule, and must be caught:
 *   -DPARK       an item waits for the roster that it names
 *   -DSELF_VOID  a self-revocation is not carried itself
 *   -DUPWARD     a revocation counts whatever the rank of its author
 *   -DNO_INERT   what a carried entry stands on is not carried
 *   -DLAZY       class 2 is looked at before class 0 is equal
 */
#define A1 1	/* ADD of 1, by 0; rank [0 1] */
#define A2 2	/* ADD of 2, by 1; rank [0 1 1] */
#define R12 4	/* REVOKE of 2, by 1, after A2; tips2 = E2 */
#define P3 8	/* ADD of 3, by 1, after R12: perhaps a puppet; rank [0 1 2] */
#define R01 16	/* REVOKE of 1, by 0, after A1; tips0 = A2, no tips2 */
#define R21 32	/* REVOKE of 1, by 2: upward; names R12 in its roster */
#define S2 64	/* REVOKE of 2, by 2, beside R21: a copy of 2 signed one of them */
#define E1 128	/* ENTRY by 1 */
#define E2 256	/* ENTRY by 2, over E1 */
#define ALL 511
#define CLASS0 (A1 | A2 | R12 | P3 | R01 | R21 | S2)
#define ITEMS 9

#ifdef PARK
#define GATED(h) ((h) & ((h) & R12 -> ALL : ALL - R21))
#else
#define GATED(h) (h)
#endif

/*
 * The carried set of what is held. The ranks are fixed by the ADDs, so the
 * devices are visited in the order 0, 1, 2, 3.
 */
inline carry(held, c)
{
	h = GATED(held);
	/* 0: nobody stands above it. */
	c = h & (A1 | R01);
	/* 1 */
	if
	:: !(c & A1) -> skip
#ifdef UPWARD
	:: (c & A1) && ((c & R01) || (h & R21)) -> c = c | (h & A2)
	:: (c & A1) && !(c & R01) && !(h & R21) ->
#else
	:: (c & A1) && (c & R01) -> c = c | (h & A2)
	:: (c & A1) && !(c & R01) ->
#endif
		c = c | (h & (A2 | R12 | P3 | E1))
	fi;
	/* 2 */
	if
	:: !(c & A2) -> skip
	:: (c & A2) && (c & R12) -> c = c | (h & E2)
	:: (c & A2) && !(c & R12) && (h & S2) ->
#ifdef SELF_VOID
		c = c | (h & E2)
#else
		c = c | (h & (S2 | E2))
#endif
	:: (c & A2) && !(c & R12) && !(h & S2) -> c = c | (h & (R21 | E2))
	fi;
#ifndef NO_INERT
	/* What a carried entry stands on is carried, inert. */
	if
	:: c & E2 -> c = c | (h & E1)
	:: else -> skip
	fi;
#endif
	h = 0
}

int P, Q;		/* held; they only grow */
int cp, cq;		/* carried */
bool ready;

/* What must hold of one node at any time. */
inline judge(held, c)
{
	/* Nobody that 1, 2 or 3 signs takes the membership of 0 away. */
	assert((c & (A1 | R01)) == (held & (A1 | R01)));
	/* A sponsor that is revoked adds nobody after its tips. */
	assert(!((c & R01) && (c & P3)));
	/* A junior's word does not unseat its senior's items. */
	assert(!((held & A1) && !(held & R01) &&
		 ((held & (A2 | R12 | P3 | E1)) & ~c)));
	/* What a current entry replaced is known to be replaced. */
	assert(!((c & E2) && (held & E1) && !(c & E1)))
}

/* Sets that differ have something to exchange, in class 0 alone as well. */
inline lemma()
{
	assert(cp == cq || (cp & ~Q) || (cq & ~P));
	assert((cp & CLASS0) == (cq & CLASS0) || (cp & CLASS0 & ~Q) ||
	       (cq & CLASS0 & ~P))
}

inline look()
{
	carry(P, cp);
	carry(Q, cq);
	judge(P, cp);
	judge(Q, cq);
	lemma()
}

/*
 * Runs of P and Q: class 0 until it is equal, then class 2 until it is equal;
 * an entry may bring up what it stands on, which the other has not got. The
 * keeper may speak between any two rounds.
 */
proctype direct()
{
	int h, of_class;
	byte rounds;

	do
	:: atomic {
		cp != cq ->
		of_class = CLASS0;
		if
#ifdef LAZY
		:: of_class = ALL - CLASS0
#endif
		:: (cp & CLASS0) == (cq & CLASS0) -> of_class = ALL - CLASS0
		:: else -> skip
		fi;
		/* Each round brings one item at least. */
		assert((cp & of_class & ~Q) || (cq & of_class & ~P));
		assert(rounds < 2 * ITEMS);
		h = Q | (cp & of_class);
		P = P | (cq & of_class);
		Q = h;
		rounds++;
		look();
		if
		:: cp == cq -> rounds = 0
		:: else -> skip
		fi;
		of_class = 0
	   }
	od
}

/*
 * The keeper has all that was ever given to anybody, and of it says what it
 * likes, in any order, or nothing, or that all is equal; and may fall silent
 * for ever. It cannot forge.
 */
#define TELL(item) \
	:: (Q & item) && !(P & item) -> P = P | item \
	:: (P & item) && !(Q & item) -> Q = Q | item

proctype keeper()
{
	int h;

	do
	:: atomic {
		if
		TELL(A1)
		TELL(A2)
		TELL(R12)
		TELL(P3)
		TELL(R01)
		TELL(R21)
		TELL(S2)
		TELL(E1)
		TELL(E2)
		fi;
		look()
	   }
	:: break
	od
}

#define PERHAPS(item) \
	if \
	:: P = P | item \
	:: Q = Q | item \
	:: P = P | item; Q = Q | item \
	:: skip \
	fi

init {
	int h;

	/* Any two sets. */
	atomic {
		PERHAPS(A1);
		PERHAPS(A2);
		PERHAPS(R12);
		PERHAPS(P3);
		PERHAPS(R01);
		PERHAPS(R21);
		PERHAPS(S2);
		PERHAPS(E1);
		PERHAPS(E2);
		look();
		ready = true;
		run direct();
		run keeper()
	}
}

ltl equal { <>[] (ready && cp == cq) }
