/*
 * What a recovery takes from one address. A connection that breaks is made
 * again, and goes on with what is here.
 */
#include <errno.h>
#include <string.h>

#include "daemon/core/recover.h"
#include "daemon/core/saying.h"
#include "proto/text.h"

#define TOLD_MS 300	  /* between two words on progress */
#define FETCH_REST_MS 250 /* before the first new try, then twice as long */

static struct sync_peer *fetch_peer(struct node *node)
{
	return sync_peer(&node->sync, node->recover->fetch.conn);
}

static void fetch_failed(struct fetch *fetch, enum status status,
			 const char *why)
{
	fetch->stage = FETCH_FAILED;
	fetch->status = status;
	memset(fetch->why, 0, sizeof(fetch->why));
	memcpy(fetch->why, why, size_min(strlen(why), sizeof(fetch->why) - 1));
}

/* --- how far it is ------------------------------------------------------------ */

/* Theirs as they have said it, which may be anything. */
static void fetch_count(struct node *node)
{
	const struct sync_peer *peer = fetch_peer(node);

	if (peer && peer->their_count)
		node->recover->fetch.total = peer->their_count;
}

static void fetch_saying(struct step *step, const char *what,
			 struct saying *ret)
{
	struct node *node = step->node;
	const struct fetch *fetch = &node->recover->fetch;

	fetch_count(node);
	saying_add(ret, what);
	if (!node->recover->stored) {
		saying_add(ret, ": run it again");
		return;
	}
	saying_add(ret, "; ");
	saying_number(ret, node->set.n_held);
	if (fetch->total > node->set.n_held) {
		saying_add(ret, " of about ");
		saying_number(ret, fetch->total);
	}
	saying_add(ret, " items are kept: run it again to go on with them");
}

static int fetch_progress(struct step *step, struct call *call)
{
	struct node *node = step->node;
	struct fetch *fetch = &node->recover->fetch;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Progress progress = FOB__PROGRESS__INIT;
	char what[] = "items";

	if (fetch->stage != FETCH_SYNCS || node->mono - fetch->told < TOLD_MS)
		return 0;
	fetch->told = node->mono;
	fetch_count(node);
	progress.what = what;
	progress.done = node->set.n_held;
	progress.total = fetch->total;
	reply.more = true;
	reply.progress = &progress;
	return call_reply(step, call, &reply);
}

/* --- the connection ------------------------------------------------------------- */

static int fetch_dial(struct step *step)
{
	struct fetch *fetch = &step->node->recover->fetch;
	int r = rescue_dial(step, fetch->address, &fetch->conn);

	if (r == 0)
		fetch->stage = FETCH_DIALS;
	return r;
}

void fetch_connected(struct step *step)
{
	step->node->recover->fetch.stage = FETCH_GREETS;
}

int fetch_proven(struct step *step, const struct rescue_line *line,
		 const struct rescue_event *event)
{
	struct recover *recover = step->node->recover;

	if (!recover || recover->fetch.stage != FETCH_GREETS)
		return 0;
	if (!peer_rescue(step, line->conn, event->hash, true)) {
		fetch_failed(&recover->fetch, STATUS_FAILED,
			     "too many connections");
		return 0;
	}
	recover->fetch.stage = FETCH_SYNCS;
	recover->fetch.worked = true;
	memcpy(recover->fetch.server, event->remote, KEY_SIZE);
	return 0;
}

/*
 * It has served us and does not any more. Whoever brings something each time
 * is asked until the time is over, and whoever does not a few times.
 */
static void fetch_broke(struct step *step)
{
	struct node *node = step->node;
	struct fetch *fetch = &node->recover->fetch;
	struct saying why = { .n = 0 };

	if (node->set.n_held > fetch->had)
		fetch->tries = 0;
	fetch->had = node->set.n_held;
	if (fetch->tries == FETCH_TRIES) {
		fetch_saying(step,
			     "the connection broke before all was here, and "
			     "does not come back",
			     &why);
		fetch_failed(fetch, STATUS_TIMEOUT, why.text);
		return;
	}
	fetch->stage = FETCH_RESTS;
	fetch->again = node->mono + ((uint64_t)FETCH_REST_MS << fetch->tries++);
}

void fetch_down(struct step *step, uint32_t conn, bool came_up)
{
	struct recover *recover = step->node->recover;
	struct fetch *fetch = recover ? &recover->fetch : NULL;

	if (!fetch || fetch->conn != conn ||
	    (fetch->stage != FETCH_DIALS && fetch->stage != FETCH_GREETS &&
	     fetch->stage != FETCH_SYNCS))
		return;
	if (fetch->worked)
		fetch_broke(step);
	else if (fetch->stage == FETCH_GREETS && came_up)
		fetch_failed(fetch, STATUS_REFUSED,
			     "it does not answer these words: they are not "
			     "those of the kit that it knows, or it is no "
			     "fobd of this vault");
	else
		fetch_failed(fetch, STATUS_TIMEOUT, "nobody answers there");
}

uint64_t fetch_due(const struct node *node)
{
	const struct recover *recover = node->recover;

	return recover && recover->fetch.stage == FETCH_RESTS ?
		       recover->fetch.again :
		       UINT64_MAX;
}

uint32_t fetch_server(const struct node *node)
{
	const struct fetch *fetch = &node->recover->fetch;

	for (uint32_t i = 0; i < node->set.n_authors; i++)
		if (!memcmp(node->set.authors[i].transport, fetch->server,
			    KEY_SIZE))
			return i;
	return NONE;
}

/* --- its end ---------------------------------------------------------------------- */

/* Everything that they carry is here, or was here before. */
static bool fetch_complete(const struct node *node,
			   const struct sync_peer *peer)
{
	return peer && peer->run == SYNC_IDLE && !peer->n_asked &&
	       !peer->n_blobs_asked && (peer->was_equal || peer->unequal) &&
	       node->sync.now - peer->run_since < RUN_TIMEOUT_MS;
}

static void fetch_hang_up(struct step *step)
{
	struct node *node = step->node;
	struct sync_peer *peer = fetch_peer(node);

	if (peer)
		sync_down(&node->sync, peer);
	if (rescue_line(node, node->recover->fetch.conn))
		peer_close(step, node->recover->fetch.conn);
}

static int fetch_end(struct step *step, struct call *call)
{
	struct node *node = step->node;
	struct recover *recover = node->recover;
	const struct sync_peer *peer = fetch_peer(node);
	uint32_t author;
	int r;

	recover->fetch.stage = FETCH_DONE;
	recover->unequal |= peer && !peer->was_equal;
	fetch_hang_up(step);
	r = recover_check(step, call);
	if (r)
		return r < 0 ? r : CALL_DONE;
	author = fetch_server(node);
	if (author == NONE)
		return recover_stop(step, call, STATUS_REFUSED,
				    "who answers there is no device of this "
				    "vault; nothing of it was kept");
	if (recover->n_servers < ADDRESSES_MAX) {
		memcpy(recover->server_address[recover->n_servers],
		       recover->fetch.address, sizeof(recover->fetch.address));
		recover->servers[recover->n_servers++] = author;
	}
	r = recover_statuses(step);
	return r < 0 ? r : call_ok(step, call);
}

static int fetch_late(struct step *step, struct call *call)
{
	struct fetch *fetch = &step->node->recover->fetch;
	bool silent = fetch->stage == FETCH_GREETS && !fetch->worked;
	struct saying why = { .n = 0 };
	int r = recover_statuses(step); /* who is there is known by now */

	if (r < 0)
		return r;
	fetch_saying(step, "not all of it came in time", &why);
	saying_add(&why, ", or give it longer with --timeout");
	fetch_hang_up(step);
	fetch->stage = FETCH_NONE;
	if (silent)
		return call_fail(step, call, STATUS_REFUSED,
				 "it is silent to these words");
	return call_fail(step, call, STATUS_TIMEOUT, "%s", why.text);
}

/* --- the request ------------------------------------------------------------------- */

static int fetch_begin(struct step *step, struct call *call)
{
	struct node *node = step->node;
	struct fetch *fetch = &node->recover->fetch;
	const Fob__RecoverAsk *ask = call->request->recover;
	struct bytes address = text_of(ask->address);
	int r;

	if (!address.n || address.n >= sizeof(fetch->address) ||
	    !text_line(address))
		return call_fail(step, call, STATUS_USAGE,
				 "an address has the form HOST:PORT");
	if (fetch->stage != FETCH_NONE && fetch->stage != FETCH_DONE)
		return call_fail(step, call, STATUS_CONFLICT,
				 "another source is being asked already");
	*fetch = (struct fetch){ .told = node->mono, .had = node->set.n_held };
	memcpy(fetch->address, address.p, address.n);
	r = fetch_dial(step);
	if (r < 0)
		return r;
	call->stage = 1;
	call->deadline = node->mono +
			 (ask->timeout_ms ? ask->timeout_ms : RUN_TIMEOUT_MS);
	return CALL_PARK;
}

/* What time and the connection have made of it since the last look. */
static int fetch_look(struct step *step)
{
	struct node *node = step->node;
	struct fetch *fetch = &node->recover->fetch;

	/* We have hung up ourselves: it broke a rule. */
	if (fetch->stage == FETCH_SYNCS && !fetch_peer(node))
		fetch_broke(step);
	if (fetch->stage == FETCH_RESTS && fetch->again <= node->mono)
		return fetch_dial(step);
	return 0;
}

int fetch_run(struct step *step, struct call *call)
{
	struct node *node = step->node;
	struct fetch *fetch = &node->recover->fetch;
	int r;

	if (call->stage == 0)
		return fetch_begin(step, call);
	r = fetch_look(step);
	if (r < 0)
		return r;
	if (fetch->stage == FETCH_FAILED) {
		fetch->stage = FETCH_NONE; /* another one may be asked */
		r = recover_statuses(step);
		if (r < 0)
			return r;
		return call_fail(step, call, fetch->status, "%s", fetch->why);
	}
	if (fetch->stage == FETCH_SYNCS &&
	    fetch_complete(node, fetch_peer(node)))
		return fetch_end(step, call);
	if (call->stage == CALL_LATE)
		return fetch_late(step, call);
	r = fetch_progress(step, call);
	return r < 0 ? r : CALL_PARK;
}
