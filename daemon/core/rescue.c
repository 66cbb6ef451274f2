/*
 * Connections for recovery: those that come in from whoever holds the kit,
 * and the one that a recovery opens. Their bytes come as those of a meeting
 * do; once both sides have proven their keys, messages are those of peers.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/recover.h"
#include "proto/secret.h"

struct rescue_line *rescue_line(const struct node *node, uint32_t conn)
{
	for (size_t i = 0; node->lines && i < RESCUE_LINES; i++)
		if (node->lines->list[i].conn == conn && conn)
			return &node->lines->list[i];
	return NULL;
}

static void line_forget(struct rescue_line *line)
{
	rescue_deinit(line->machine);
	secret_free(line->machine);
	memset(line, 0, sizeof(*line));
}

void rescue_free(struct node *node)
{
	for (size_t i = 0; node->lines && i < RESCUE_LINES; i++)
		line_forget(&node->lines->list[i]);
	free(node->lines);
	node->lines = NULL;
}

static void line_flush(struct step *step, struct rescue_line *line)
{
	struct bytes out = rescue_output(line->machine);
	uint8_t *copy;

	if (!out.n)
		return;
	copy = malloc(out.n);
	if (!copy) {
		step->effects->failed = true;
		return;
	}
	memcpy(copy, out.p, out.n);
	effects_take(step->effects, EFFECT_MEET_SEND, line->conn, copy, out.n);
	rescue_sent(line->machine, out.n);
}

void rescue_hang_up(struct step *step, struct rescue_line *line)
{
	if (line->machine) {
		if (rescue_close(line->machine) < 0)
			step->effects->failed = true;
		line_flush(step, line);
	}
	effects_add(step->effects, EFFECT_CLOSE)->conn = line->conn;
	line_forget(line);
}

/* What does not fit any more ends it: the other side reads too slowly. */
void rescue_say(struct step *step, struct rescue_line *line,
		struct bytes message)
{
	struct sync_peer *peer = sync_peer(&step->node->sync, line->conn);
	int r = rescue_send(line->machine, message);

	if (r < 0)
		step->effects->failed = true;
	if (r == 0) {
		line_flush(step, line);
		return;
	}
	if (peer)
		sync_down(&step->node->sync, peer);
	rescue_hang_up(step, line);
}

/* --- beginning ------------------------------------------------------------------ */

/* A place for one more; a stranger that has proven nothing makes way. */
static struct rescue_line *line_new(struct step *step)
{
	struct node *node = step->node;
	struct rescue_line *oldest = NULL;

	if (!node->lines)
		node->lines = calloc(1, sizeof(*node->lines));
	if (!node->lines) {
		step->effects->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < RESCUE_LINES; i++) {
		struct rescue_line *line = &node->lines->list[i];

		if (!line->conn)
			return line;
		if (!line->ready && !line->dialed &&
		    (!oldest || line->since < oldest->since))
			oldest = line;
	}
	if (oldest)
		rescue_hang_up(step, oldest);
	return oldest;
}

static int line_start(struct step *step, struct rescue_line *line,
		      struct rescue_params *params)
{
	uint8_t ephemeral[KEY_SIZE];
	int r;

	line->machine = secret_alloc(sizeof(*line->machine));
	if (!line->machine)
		return -ENOMEM;
	step_random(step, ephemeral, sizeof(ephemeral));
	params->ephemeral = ephemeral;
	params->dials = line->dialed;
	r = rescue_init(line->machine, params, step->node->mono);
	sodium_memzero(ephemeral, sizeof(ephemeral));
	if (r == 0)
		line_flush(step, line);
	return r;
}

static const struct set_recovery *line_kit(const struct node *node)
{
	for (uint32_t i = 0; i < node->set.n_recoveries; i++)
		if (node->set.recoveries[i].current)
			return &node->set.recoveries[i];
	return NULL;
}

int rescue_up(struct step *step)
{
	struct node *node = step->node;
	const struct set_recovery *kit = line_kit(node);
	struct rescue_params params = { .dials = false };
	struct rescue_line *line = NULL;

	/* A device that is locked, or that never reads, answers as well. */
	if (node->self && node->self_author != NONE && kit)
		line = line_new(step);
	if (!line) {
		effects_add(step->effects, EFFECT_CLOSE)->conn =
			step->event->conn;
		return 0;
	}
	line->conn = step->event->conn;
	line->since = node->mono;
	params.secret = node->self->transport_secret;
	params.recovery_sign = kit->sign;
	params.recovery_wrap = kit->wrap;
	return line_start(step, line, &params);
}

int rescue_dial(struct step *step, const char *address, uint32_t *ret_conn)
{
	struct node *node = step->node;
	struct rescue_line *line = line_new(step);
	struct effect *effect;

	if (!line)
		return -ENOMEM;
	node->next_dial = (node->next_dial + 1) & ~CONN_DIALED;
	line->conn = node->next_dial | CONN_DIALED;
	line->dialed = true;
	line->since = node->mono;
	effect = effects_add(step->effects, EFFECT_MEET_DIAL);
	effect->conn = line->conn;
	effect->number = 3;
	memcpy(effect->address, address,
	       size_min(strlen(address), sizeof(effect->address) - 1));
	*ret_conn = line->conn;
	return 0;
}

static int line_connected(struct step *step, struct rescue_line *line)
{
	const struct recover *recover = step->node->recover;
	struct rescue_params params = { .dials = true };

	if (line->machine)
		return 0;
	if (!recover) {
		rescue_hang_up(step, line);
		return 0;
	}
	params.secret = recover->kit.wrap_secret;
	params.recovery_sign = recover->kit.sign_public;
	params.recovery_wrap = recover->kit.wrap_public;
	fetch_connected(step);
	return line_start(step, line, &params);
}

/* --- what comes ------------------------------------------------------------------- */

static void line_closed(struct step *step, struct rescue_line *line);

/*
 * Whoever holds the kit may have been cut, without a word of it coming here:
 * of too many that have proven it, the oldest makes way.
 */
static void line_make_way(struct step *step, const struct rescue_line *line)
{
	struct rescue_lines *lines = step->node->lines;
	struct rescue_line *oldest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < RESCUE_LINES; i++) {
		struct rescue_line *one = &lines->list[i];

		if (!one->conn || !one->ready || one->dialed)
			continue;
		n++;
		if (one != line && (!oldest || one->since < oldest->since))
			oldest = one;
	}
	if (n > RESCUE_READY_MAX && oldest)
		line_closed(step, oldest);
}

static int line_ready(struct step *step, struct rescue_line *line,
		      const struct rescue_event *event)
{
	struct node *node = step->node;

	line->ready = true;
	if (line->dialed)
		return fetch_proven(step, line, event);
	line_make_way(step, line);
	step_trace(step, TRACE_RESCUE, NULL, NULL, node->set.n_held);
	call_tell(step, "alarm", (struct bytes){ NULL, 0 },
		  "somebody with the recovery kit fetches the vault");
	if (!peer_rescue(step, line->conn, event->hash, false))
		rescue_hang_up(step, line);
	return 0;
}

static void line_closed(struct step *step, struct rescue_line *line)
{
	struct sync_peer *peer = sync_peer(&step->node->sync, line->conn);
	bool dialed = line->dialed, came_up = line->machine != NULL;
	uint32_t conn = line->conn;

	if (peer)
		peer_end(step, peer);
	effects_add(step->effects, EFFECT_CLOSE)->conn = conn;
	line_forget(line);
	if (dialed)
		fetch_down(step, conn, came_up);
}

static int line_event(struct step *step, struct rescue_line *line,
		      const struct rescue_event *event)
{
	switch (event->kind) {
	case RESCUE_READY:
		return line_ready(step, line, event);
	case RESCUE_MESSAGE:
		return peer_message(step, line->conn, event->message);
	case RESCUE_CLOSED:
		line_closed(step, line);
		return 0;
	}
	return 0;
}

/* Every event that waits; the line may be gone afterwards. */
static int line_drain(struct step *step, uint32_t conn)
{
	struct rescue_line *line = rescue_line(step->node, conn);
	struct rescue_event event;
	int r = 0;

	while (r == 0 && line && line->machine &&
	       rescue_next(line->machine, &event)) {
		r = line_event(step, line, &event);
		line = rescue_line(step->node, conn);
	}
	return r;
}

static int line_bytes(struct step *step, struct rescue_line *line)
{
	uint32_t conn = line->conn;
	struct bytes in = step->event->data;
	int r = 0;

	while (r == 0 && line && line->machine && in.n > 0) {
		r = rescue_feed(line->machine, &in, step->node->mono);
		if (r < 0)
			return r;
		line_flush(step, line);
		r = line_drain(step, conn);
		line = rescue_line(step->node, conn);
	}
	return r;
}

int rescue_event(struct step *step, struct rescue_line *line)
{
	uint32_t conn = line->conn;
	int r = 0;

	switch (step->event->type) {
	case EVENT_MEET_UP:
		return line_connected(step, line);
	case EVENT_MEET_BYTES:
		return line_bytes(step, line);
	default:
		if (line->machine)
			rescue_eof(line->machine);
		r = line_drain(step, conn);
		line = rescue_line(step->node, conn);
		if (line)
			line_closed(step, line);
		return r;
	}
}

/* --- time --------------------------------------------------------------------------- */

int rescue_timeouts(struct step *step)
{
	struct node *node = step->node;
	int r = 0;

	for (size_t i = 0; node->lines && i < RESCUE_LINES && r == 0; i++) {
		struct rescue_line *line = &node->lines->list[i];

		if (!line->machine ||
		    rescue_deadline(line->machine) > node->mono)
			continue;
		rescue_tick(line->machine, node->mono);
		r = line_drain(step, line->conn);
	}
	return r;
}

uint64_t rescue_due(const struct node *node)
{
	uint64_t at = fetch_due(node);

	for (size_t i = 0; node->lines && i < RESCUE_LINES; i++) {
		const struct rescue_line *line = &node->lines->list[i];

		if (line->machine && rescue_deadline(line->machine) < at)
			at = rescue_deadline(line->machine);
	}
	return at;
}
