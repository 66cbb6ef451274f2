#include "daemon/core/meet.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int meeting_open(struct step *step, struct meeting *meeting, uint32_t conn,
		 const struct pairing_params *params)
{
	uint8_t entropy[PAIRING_ENTROPY];
	int r;

	memset(meeting, 0, sizeof(*meeting));
	meeting->pairing = secret_alloc(sizeof(*meeting->pairing));
	if (!meeting->pairing)
		return -ENOMEM;
	meeting->conn = conn;
	step_random(step, entropy, sizeof(entropy));
	r = pairing_init(meeting->pairing, params, step->node->mono, entropy);
	sodium_memzero(entropy, sizeof(entropy));
	if (r == 0)
		meeting_flush(step, meeting);
	return r;
}

void meeting_flush(struct step *step, struct meeting *meeting)
{
	struct bytes out = { NULL, 0 };
	uint8_t *copy;

	if (meeting->pairing) /* there is none while it is dialed */
		out = pairing_output(meeting->pairing);
	if (!out.n)
		return;
	copy = malloc(out.n);
	if (!copy) {
		step->effects->failed = true;
		return;
	}
	memcpy(copy, out.p, out.n);
	effects_take(step->effects, EFFECT_MEET_SEND, meeting->conn, copy,
		     out.n);
	pairing_sent(meeting->pairing, out.n);
}

int meeting_say(struct step *step, struct meeting *meeting,
		const Fob__PairMessage *message)
{
	size_t n = fob__pair_message__get_packed_size(message);
	AUTO_FREE uint8_t *bytes = malloc(n + 1);
	int r;

	if (!bytes)
		return -ENOMEM;
	fob__pair_message__pack(message, bytes);
	r = pairing_send(meeting->pairing, (struct bytes){ bytes, n });
	meeting_flush(step, meeting);
	return r < 0 ? r : 0;
}

static void meeting_forget(struct meeting *meeting)
{
	if (meeting->pairing)
		pairing_deinit(meeting->pairing);
	secret_free(meeting->pairing);
	memset(meeting, 0, sizeof(*meeting));
}

void meeting_close(struct step *step, struct meeting *meeting)
{
	if (!meeting->conn)
		return;
	if (meeting->ready)
		(void)pairing_close(meeting->pairing);
	meeting_flush(step, meeting);
	effects_add(step->effects, EFFECT_CLOSE)->conn = meeting->conn;
	meeting_forget(meeting);
}

static struct meeting *meet_find(struct node *node, uint32_t conn)
{
	if (node->join && node->join->meeting.conn == conn)
		return &node->join->meeting;
	for (size_t i = 0; node->invite && i < INVITE_SLOTS; i++)
		if (node->invite->meetings[i].conn == conn)
			return &node->invite->meetings[i];
	return NULL;
}

static int meet_one(struct step *step, struct meeting *meeting,
		    const struct pairing_event *event)
{
	struct node *node = step->node;

	if (event->kind == PAIRING_READY) {
		meeting->ready = true;
		memcpy(meeting->hash, event->hash, sizeof(meeting->hash));
	}
	if (node->join && meeting == &node->join->meeting)
		return join_event(step, event);
	return invite_event(step, meeting, event);
}

static int meet_bytes(struct step *step)
{
	struct node *node = step->node;
	uint32_t conn = step->event->conn;
	struct bytes in = step->event->data;
	struct meeting *meeting = meet_find(node, conn);
	struct pairing_event event;
	int r = 0, fed;

	do {
		if (!meeting)
			return 0;
		fed = pairing_feed(meeting->pairing, &in, node->mono);
		if (fed < 0)
			return fed;
		meeting_flush(step, meeting);
		while (r == 0 && meeting &&
		       pairing_next(meeting->pairing, &event)) {
			r = meet_one(step, meeting, &event);
			/* What was said may have ended it. */
			meeting = meet_find(node, conn);
			if (meeting)
				meeting_flush(step, meeting);
		}
	} while (r == 0 && fed == 0 && in.n > 0);
	return r;
}

static int meet_down(struct step *step)
{
	struct node *node = step->node;
	struct meeting *meeting = meet_find(node, step->event->conn);
	struct pairing_event event;
	int r = 0;

	if (!meeting)
		return 0;
	if (meeting->pairing) {
		pairing_eof(meeting->pairing);
		if (pairing_next(meeting->pairing, &event))
			r = meet_one(step, meeting, &event);
		meeting = meet_find(node, step->event->conn);
	}
	if (meeting)
		meeting_forget(meeting);
	return r;
}

int meet_event(struct step *step)
{
	struct node *node = step->node;
	bool ours = node->join && node->join->meeting.conn == step->event->conn;
	struct rescue_line *line = rescue_line(node, step->event->conn);

	if (line)
		return rescue_event(step, line);
	if (step->event->type == EVENT_MEET_UP && step->event->rescue)
		return rescue_up(step);

	switch (step->event->type) {
	case EVENT_MEET_UP:
		return ours ? join_up(step) : invite_up(step);
	case EVENT_MEET_BYTES:
		return meet_bytes(step);
	default:
		if (ours && !node->join->meeting.pairing)
			return join_down(step);
		return meet_down(step);
	}
}

int meet_timeouts(struct step *step)
{
	struct node *node = step->node;
	int r = rescue_timeouts(step);

	if (r == 0 && node->invite && node->invite->expires <= node->mono) {
		r = invite_tell(step, STATUS_TIMEOUT,
				"the code has expired: nobody joined; run fob "
				"invite again");
		invite_end(step);
	}
	for (size_t i = 0; r == 0 && node->invite && i < INVITE_SLOTS; i++) {
		struct meeting *meeting = &node->invite->meetings[i];
		struct pairing_event event;

		if (!meeting->conn ||
		    pairing_deadline(meeting->pairing) > node->mono)
			continue;
		pairing_tick(meeting->pairing, node->mono);
		if (pairing_next(meeting->pairing, &event))
			r = meet_one(step, meeting, &event);
	}
	if (r == 0 && node->join && node->join->meeting.pairing &&
	    pairing_deadline(node->join->meeting.pairing) <= node->mono) {
		struct pairing_event event;

		pairing_tick(node->join->meeting.pairing, node->mono);
		if (pairing_next(node->join->meeting.pairing, &event))
			r = join_event(step, &event);
	}
	return r;
}

static uint64_t meeting_deadline(const struct meeting *meeting)
{
	return meeting->pairing ? pairing_deadline(meeting->pairing) :
				  UINT64_MAX;
}

uint64_t meet_deadline(const struct node *node)
{
	uint64_t at = rescue_due(node), one;

	if (node->invite && node->invite->expires < at)
		at = node->invite->expires;
	for (size_t i = 0; node->invite && i < INVITE_SLOTS; i++) {
		one = meeting_deadline(&node->invite->meetings[i]);
		at = one < at ? one : at;
	}
	if (node->join) {
		one = meeting_deadline(&node->join->meeting);
		at = one < at ? one : at;
	}
	return at;
}

void meet_free(struct node *node)
{
	rescue_free(node);
	invite_free(node->invite);
	join_free(node->join);
	node->invite = NULL;
	node->join = NULL;
}

void meet_call_gone(struct step *step, uint32_t number)
{
	struct node *node = step->node;

	if (node->invite && node->invite->call == number)
		node->invite->call = 0;
	if (node->join && node->join->call == number)
		join_gone(step);
	/* A question that nobody can answer any more is a no. */
	if (node->invite && !node->invite->call &&
	    node->invite->stage == INVITE_ASKED)
		invite_end(step);
}
