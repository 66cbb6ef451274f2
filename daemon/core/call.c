/* Clients and what they asked for, until the last reply is out. */
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/migrate.h"
#include "daemon/core/recover.h"
#include "daemon/core/reset.h"
#include "daemon/core/saying.h"
#include "daemon/core/trust/exclusion.h"

struct client *call_client(struct node *node, uint32_t conn)
{
	struct client *free_one = NULL;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (node->clients[i].conn == conn)
			return &node->clients[i];
		if (!node->clients[i].conn && !free_one)
			free_one = &node->clients[i];
	}
	if (free_one)
		*free_one = (struct client){ .conn = conn };
	return free_one;
}

struct call *call_find(struct node *node, uint32_t number)
{
	for (struct call *call = node->calls; call; call = call->next)
		if (call->number == number)
			return call;
	return NULL;
}

void call_cache_clear(struct call *call)
{
	for (size_t i = 0; i < call->n_cache; i++) {
		free(call->cache[i].row);
		free(call->cache[i].blob);
	}
	call->n_cache = 0;
}

static void call_free(struct call *call)
{
	call_cache_clear(call);
	free(call->cache);
	free(call->need);
	free(call->watch);
	free(call->slot);
	secret_free(call->kdf);
	secret_free(call->seed);
	if (call->answer)
		fob__reply__free_unpacked(call->answer, NULL);
	if (call->request)
		fob__request__free_unpacked(call->request,
					    &call->budget.allocator);
	budget_deinit(&call->budget);
	free(call);
}

static void call_remove(struct node *node, struct call *call)
{
	struct call **at = &node->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call_free(call);
}

void call_free_all(struct node *node)
{
	while (node->calls)
		call_remove(node, node->calls);
}

/* --- replies ----------------------------------------------------------------------- */

/* What other devices write decides how long some answers are. */
static int call_large(struct step *step, const struct call *call, bool more)
{
	Fob__Reply reply = FOB__REPLY__INIT;
	char text[] = "the answer is too large for one message";

	reply.status = STATUS_FAILED;
	reply.message = text;
	reply.more = more;
	return call_reply(step, call, &reply);
}

int call_reply(struct step *step, const struct call *call, Fob__Reply *reply)
{
	size_t n;
	uint8_t *data;

	reply->id = call->request->id;
	n = fob__reply__get_packed_size(reply);
	if (n > FRAME_MAX)
		return call_large(step, call, reply->more);
	data = malloc(n + 1);
	if (!data)
		return -ENOMEM;
	fob__reply__pack(reply, data);
	effects_take(step->effects, EFFECT_REPLY, call->conn, data, n);
	step->effects->list[step->effects->n - 1].secret = true;
	return 0;
}

int call_fail(struct step *step, struct call *call, enum status status,
	      const char *format, ...)
{
	Fob__Reply reply = FOB__REPLY__INIT;
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	reply.status = status;
	reply.message = text;
	return call_reply(step, call, &reply);
}

int call_ok(struct step *step, struct call *call)
{
	Fob__Reply reply = FOB__REPLY__INIT;

	return call_reply(step, call, &reply);
}

int call_need(struct step *step, struct call *call, uint32_t need,
	      uint32_t confirm)
{
	static const char *const text[] = {
		[FOB__NEED__NEED_UNLOCK] = "the vault is locked",
		[FOB__NEED__NEED_CONFIRM] = "the passphrase is asked again",
		[FOB__NEED__NEED_VAULT] =
			"there is no vault here yet: fob init makes one, "
			"fob join brings one from another device",
	};
	static const enum status status[] = {
		[FOB__NEED__NEED_UNLOCK] = STATUS_LOCKED,
		[FOB__NEED__NEED_CONFIRM] = STATUS_LOCKED,
		[FOB__NEED__NEED_VAULT] = STATUS_FAILED,
	};
	Fob__Reply reply = FOB__REPLY__INIT;
	const char *why = text[need];
	char message[128];

	if (step->node->state == NODE_RECOVERING)
		why = "there is no vault here yet, but a recovery that was "
		      "cut: fob recover goes on with it";
	memcpy(message, why, strlen(why) + 1);
	reply.status = status[need];
	reply.need = need;
	reply.confirm = confirm;
	reply.message = message;
	return call_reply(step, call, &reply);
}

void call_tell(struct step *step, const char *type, struct bytes subject,
	       const char *text)
{
	struct node *node = step->node;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		Fob__Reply reply = FOB__REPLY__INIT;
		Fob__EventInfo info = FOB__EVENT_INFO__INIT;
		Fob__Request request = FOB__REQUEST__INIT;
		struct call call = { .conn = node->clients[i].conn,
				     .request = &request };
		char type_copy[16] = { 0 }, text_copy[256] = { 0 };
		uint8_t subject_copy[ID_SIZE];

		if (!node->clients[i].conn || !node->clients[i].events)
			continue;
		memcpy(type_copy, type,
		       size_min(strlen(type), sizeof(type_copy) - 1));
		memcpy(text_copy, text,
		       size_min(strlen(text), sizeof(text_copy) - 1));
		info.subject.len = size_min(subject.n, sizeof(subject_copy));
		if (info.subject.len)
			memcpy(subject_copy, subject.p, info.subject.len);
		info.subject.data = subject_copy;
		info.type = type_copy;
		info.text = text_copy;
		info.time = (uint64_t)node->wall;
		request.id = node->clients[i].events_id;
		reply.more = true;
		reply.event = &info;
		if (call_reply(step, &call, &reply) < 0)
			step->effects->failed = true;
	}
}

/* --- running ------------------------------------------------------------------------ */

/* What the request still needs; 0 when it may run, 1 when that was replied. */
static int call_gate(struct step *step, struct call *call,
		     const struct request *request)
{
	struct node *node = step->node;
	struct client *client = call_client(node, call->conn);

	if (request->vault && !node_has_vault(node)) {
		int r = call_need(step, call, FOB__NEED__NEED_VAULT, 0);

		return r < 0 ? r : 1;
	}
	if (request->unlocked && node->state == NODE_KEEPER &&
	    !request->keeper) {
		int r = call_fail(step, call, STATUS_REFUSED,
				  "this is a keeper: it holds ciphertext "
				  "only and cannot do that");
		return r < 0 ? r : 1;
	}
	if (request->unlocked && !node_may_read(node) &&
	    node->state != NODE_KEEPER) {
		int r = call_need(step, call, FOB__NEED__NEED_UNLOCK, 0);

		return r < 0 ? r : 1;
	}
	if (request->confirm && node->state != NODE_KEEPER &&
	    (!client || client->fresh_kind != request->confirm ||
	     client->fresh_until <= node->mono)) {
		int r = call_need(step, call, FOB__NEED__NEED_CONFIRM,
				  request->confirm);

		return r < 0 ? r : 1;
	}
	return 0;
}

static const char *call_writer(const struct node *node, uint32_t item)
{
	uint32_t author = node->set.items[item].author;

	return author == NONE ? "the recovery key" :
				node_device_name(node, author);
}

/* The item that put this device out, as a person would tell it. */
static void call_put_out(const struct node *node, uint32_t why,
			 struct saying *ret)
{
	bool directly = node->set.authors[node->self_author].revoke == why;

	if (node->set.items[why].kind == FOB__KIND__RECOVERY) {
		saying_add(ret, "this device was put out by a new recovery "
				"kit, which was made without knowing of it");
		return;
	}
	saying_add(ret, directly ? "this device was revoked by " :
				   "this device was put out with the one that "
				   "let it in, which was revoked by ");
	saying_add(ret, call_writer(node, why));
}

void call_revoked_text(const struct node *node, struct saying *ret)
{
	uint32_t why = exclusion_of(&node->set, node->self_author);
	uint64_t time;

	if (why == NONE) {
		saying_add(ret, "this device was revoked by itself");
		return;
	}
	call_put_out(node, why, ret);
	time = set_head(&node->set, why)->head->time;
	if (time) {
		saying_add(ret, " on ");
		saying_date(ret, time);
	}
}

int call_revoked(struct step *step, struct call *call)
{
	struct saying text = { .n = 0 };

	call_revoked_text(step->node, &text);
	return call_fail(step, call, STATUS_REFUSED,
			 "%s: it keeps what it has and writes nothing more",
			 text.text);
}

static int call_handle(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const struct request *request = request_of(call->request);
	int r;

	if (!request)
		return call_fail(step, call, STATUS_USAGE,
				 "this fobd does not know that request: "
				 "fob and fobd are of different versions");
	if (call->stage == 0) {
		r = call_gate(step, call, request);
		if (r)
			return r < 0 ? r : CALL_DONE;
	}
	if (request->write && node->self_author != NONE &&
	    !node->set.authors[node->self_author].member) {
		return call_revoked(step, call);
	}
	if (request->use)
		node->last_use = node->mono;
	if (request->index && call->stage == 0 && !index_complete(node))
		return CALL_INDEX;
	return request->handle(step, call);
}

int call_run(struct step *step, struct call *call)
{
	int r = call_handle(step, call);

	if (r < 0)
		return r;
	call->waits = (enum call_result)r;
	switch (call->waits) {
	case CALL_DONE:
		call_remove(step->node, call);
		return 0;
	case CALL_LOAD:
		REQUIRE(call->n_need > 0);
		return load_items(step, call->number, call->need,
				  size_min(call->n_need, LOAD_ITEMS));
	case CALL_INDEX:
		return index_work(step);
	default:
		return 0;
	}
}

int call_run_waiting(struct step *step, enum call_result waits)
{
	struct call *call = step->node->calls, *next;
	int r = 0;

	if (waits == CALL_INDEX && !index_complete(step->node))
		return index_work(step);
	for (; call && r == 0; call = next) {
		next = call->next;
		if (call->waits == waits)
			r = call_run(step, call);
	}
	return r;
}

int call_timeouts(struct step *step)
{
	struct call *call = step->node->calls, *next;
	int r = 0;

	for (; call && r == 0; call = next) {
		next = call->next;
		if (call->deadline > step->node->mono)
			continue;
		call->deadline = UINT64_MAX;
		call->stage = CALL_LATE;
		r = call_run(step, call);
	}
	return r;
}

uint64_t call_deadline(const struct node *node)
{
	uint64_t at = UINT64_MAX;

	for (const struct call *call = node->calls; call; call = call->next)
		if (call->deadline < at)
			at = call->deadline;
	return at;
}

static struct call *call_new(struct node *node, uint32_t conn)
{
	struct call *call = calloc(1, sizeof(*call)), **at = &node->calls;

	if (!call)
		return NULL;
	if (++node->next_call == 0)
		node->next_call = LOAD_CALL;
	call->number = node->next_call;
	call->conn = conn;
	call->deadline = UINT64_MAX;
	budget_init(&call->budget, true);
	while (*at)
		at = &(*at)->next;
	*at = call;
	return call;
}

static size_t call_count(const struct node *node, uint32_t conn)
{
	size_t n = 0;

	for (const struct call *call = node->calls; call; call = call->next)
		n += call->conn == conn;
	return n;
}

/* The id of a request, which comes first in it; 0: it does not. */
static uint32_t call_id(struct bytes packed)
{
	uint32_t id = 0;

	if (packed.n == 0 || packed.p[0] != 1 << 3)
		return 0;
	for (size_t i = 1; i < packed.n && i <= 5; i++) {
		id |= (uint32_t)(packed.p[i] & 0x7f) << (7 * (i - 1));
		if (packed.p[i] < 0x80)
			return id;
	}
	return 0;
}

/*
 * Locked memory is bounded for the whole process, so other requests may have
 * taken it all. That is no fault of this one.
 */
static int call_crowded(struct step *step, struct call *call)
{
	Fob__Request unread = FOB__REQUEST__INIT;
	int r;

	unread.id = call_id(step->event->data);
	call->request = &unread;
	r = call_fail(step, call, STATUS_FAILED,
		      "fobd has no locked memory left for this: too much is "
		      "asked at once; try again");
	call->request = NULL;
	call_remove(step->node, call);
	return r;
}

/* A client that asks for more than it may have under way is mistaken. */
int call_message(struct step *step)
{
	struct node *node = step->node;
	const struct event *event = step->event;
	struct call *call;

	if (!call_client(node, event->conn) ||
	    call_count(node, event->conn) >= CALLS_MAX) {
		effects_add(step->effects, EFFECT_CLOSE)->conn = event->conn;
		return 0;
	}
	call = call_new(node, event->conn);
	if (!call)
		return -ENOMEM;
	call->request = fob__request__unpack(&call->budget.allocator,
					     event->data.n, event->data.p);
	if (!call->request && budget_error(&call->budget, 0))
		return call_crowded(step, call);
	if (!call->request) {
		call_remove(node, call);
		effects_add(step->effects, EFFECT_CLOSE)->conn = event->conn;
		return 0;
	}
	return call_run(step, call);
}

void call_client_gone(struct step *step)
{
	struct node *node = step->node;
	struct call *call = node->calls, *next;

	for (; call; call = next) {
		next = call->next;
		if (call->conn != step->event->conn)
			continue;
		meet_call_gone(step, call->number);
		reset_call_gone(node, call->number);
		call_remove(node, call);
	}
	snapshot_client_gone(node, step->event->conn);
	recover_client_gone(node, step->event->conn);
	migration_client_gone(step);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (node->clients[i].conn == step->event->conn)
			node->clients[i] = (struct client){ 0 };
}

/* --- passphrases --------------------------------------------------------------------- */

/* Others that wait for their turn with a passphrase. */
static size_t call_queued(const struct node *node, const struct call *self)
{
	size_t n = 0;

	for (const struct call *call = node->calls; call; call = call->next)
		n += call != self && call->queued;
	return n;
}

int call_kdf(struct step *step, struct call *call, struct bytes passphrase,
	     const struct slot *slot)
{
	struct node *node = step->node;
	struct effect *effect;
	uint8_t *copy;

	if (node->kdf_busy && call_queued(node, call) >= UNLOCK_QUEUE_MAX)
		return call_fail(step, call, STATUS_REFUSED,
				 "too many passphrases are being tried at "
				 "once: try again");
	call->queued = node->kdf_busy;
	if (call->queued)
		return CALL_PARK;
	copy = malloc(passphrase.n + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, passphrase.p, passphrase.n);
	effects_take(step->effects, EFFECT_KDF, call->conn, copy, passphrase.n);
	effect = &step->effects->list[step->effects->n - 1];
	effect->secret = true;
	effect->token = call->number;
	memcpy(effect->salt, slot->salt, sizeof(effect->salt));
	effect->passes = slot->passes;
	effect->memory = slot->memory;
	node->kdf_busy = true;
	return CALL_KDF;
}

int call_event(struct step *step)
{
	struct node *node = step->node;
	struct call *call = call_find(node, step->event->token);

	node->kdf_busy = false;
	if (!call || call->waits != CALL_KDF)
		return 0;
	call->kdf = secret_alloc(KEY_SIZE);
	if (!call->kdf)
		return -ENOMEM;
	memcpy(call->kdf, step->event->kdf, KEY_SIZE);
	call->passes = step->event->passes;
	return call_run(step, call);
}
