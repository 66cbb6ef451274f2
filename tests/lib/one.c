#include "tests/lib/one.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static char passphrase[] = "passphrase";

static void log_add(struct one *one, char c)
{
	if (one->n_log + 1 < ONE_LOG)
		one->log[one->n_log++] = c;
	one->log[one->n_log] = '\0';
}

/* --- the disk -------------------------------------------------------------- */

static struct one_row *find_row(struct one *one, enum table table,
				struct bytes key)
{
	for (size_t i = 0; i < one->n_rows; i++)
		if (one->rows[i].table == table &&
		    one->rows[i].key_len == key.n &&
		    memcmp(one->rows[i].key, key.p, key.n) == 0)
			return &one->rows[i];
	return NULL;
}

static void drop_rows(struct one_row **rows, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		free((*rows)[i].data);
	free(*rows);
	*rows = NULL;
	*n = 0;
}

/* Into the store beside: the same with its rows in the place of ours. */
static void swap_rows(struct one *one)
{
	struct one_row *rows = one->rows;
	size_t n = one->n_rows;

	one->rows = one->next;
	one->n_rows = one->n_next;
	one->next = rows;
	one->n_next = n;
}

static void put_row(struct one *one, const struct effect *effect)
{
	struct bytes key = { effect->key, effect->key_len };
	struct one_row *row = find_row(one, effect->table, key);

	if (!row) {
		one->rows = realloc(one->rows,
				    (one->n_rows + 1) * sizeof(*one->rows));
		REQUIRE(one->rows);
		row = &one->rows[one->n_rows++];
		*row = (struct one_row){ .table = effect->table };
		row->key_len = key.n;
		memcpy(row->key, key.p, key.n);
	}
	free(row->data);
	row->n = effect->data_len;
	row->data = malloc(row->n + 1);
	REQUIRE(row->data);
	memcpy(row->data, effect->data, row->n);
}

static void delete_row(struct one *one, const struct effect *effect)
{
	struct bytes key = { effect->key, effect->key_len };
	struct one_row *row = find_row(one, effect->table, key);

	if (!row)
		return;
	free(row->data);
	*row = one->rows[--one->n_rows];
}

/* --- steps ----------------------------------------------------------------- */

static void prepare(struct one *one, struct event *event)
{
	event->mono = one->mono;
	event->wall = one->wall;
	one->draws++;
	memcpy(event->entropy, &one->draws, sizeof(one->draws));
}

static void take_reply(struct one *one, const struct effect *effect)
{
	Fob__Reply *reply =
		fob__reply__unpack(NULL, effect->data_len, effect->data);

	REQUIRE(reply && effect->data_len <= FRAME_MAX);
	one->replies = realloc(one->replies,
			       (one->n_replies + 1) * sizeof(*one->replies));
	REQUIRE(one->replies);
	one->replies[one->n_replies++] = reply;
}

static void owe(struct one *one, const struct effect *effect)
{
	struct one_owed *owed = calloc(1, sizeof(*owed)), **at = &one->owed;

	REQUIRE(owed);
	owed->effect = malloc(sizeof(*effect));
	REQUIRE(owed->effect);
	*owed->effect = *effect;
	owed->effect->data = malloc(effect->data_len + 1);
	REQUIRE(owed->effect->data);
	if (effect->data_len > 0)
		memcpy(owed->effect->data, effect->data, effect->data_len);
	while (*at)
		at = &(*at)->next;
	*at = owed;
}

static void obey(struct one *one, const struct effect *effect)
{
	switch (effect->type) {
	case EFFECT_PUT:
	case EFFECT_SOFT_PUT:
		if (effect->table == TABLE_ITEM)
			log_add(one, 'P');
		put_row(one, effect);
		break;
	case EFFECT_DELETE:
		delete_row(one, effect);
		break;
	case EFFECT_CLEAR:
		drop_rows(&one->rows, &one->n_rows);
		break;
	case EFFECT_NEXT_PUT:
		swap_rows(one);
		put_row(one, effect);
		swap_rows(one);
		break;
	case EFFECT_NEXT_END:
		one->ending = true;
		break;
	case EFFECT_NEXT_DROP:
		drop_rows(&one->next, &one->n_next);
		break;
	case EFFECT_RENEW:
		one->renewing = true;
		break;
	case EFFECT_REPLY:
		log_add(one, 'R');
		take_reply(one, effect);
		break;
	case EFFECT_LOAD:
		one->loads++;
		owe(one, effect);
		break;
	case EFFECT_KDF:
		owe(one, effect);
		break;
	case EFFECT_TRACE:
		if (effect->trace.what == TRACE_CODE)
			log_add(one, 'C');
		break;
	default:
		break;
	}
}

static void obey_all(struct one *one)
{
	for (size_t i = 0; i < one->effects.n; i++) {
		if (one->watch)
			one->watch(one->watch_arg, &one->effects.list[i]);
		obey(one, &one->effects.list[i]);
	}
	effects_clear(&one->effects);
}

/* A step of which the test expects that it may fail. */
static void run_frail(struct one *one, struct event *event)
{
	if (one->dead)
		return;
	if (one->step(one->node, event, &one->effects) == 0) {
		obey_all(one);
		return;
	}
	one->dead = true;
	effects_clear(&one->effects);
}

static void run(struct one *one, struct event *event)
{
	prepare(one, event);
	log_add(one, '|');
	if (one->step) {
		run_frail(one, event);
		return;
	}
	REQUIRE(node_step(one->node, event, &one->effects) == 0);
	obey_all(one);
}

/* --- answers --------------------------------------------------------------- */

static struct bytes row_of(struct one *one, enum table table, uint32_t seq)
{
	uint8_t key[4];
	const struct one_row *row;

	item_row_key(key, seq);
	row = find_row(one, table, BYTES(key));
	return row ? (struct bytes){ row->data, row->n } :
		     (struct bytes){ NULL, 0 };
}

static void answer_load(struct one *one, const struct effect *effect)
{
	size_t n = effect->data_len / sizeof(uint32_t);
	struct loaded *loaded = calloc(n + 1, sizeof(*loaded));
	struct event event = { .type = EVENT_LOADED,
			       .token = effect->token,
			       .loaded = loaded,
			       .n_loaded = n };

	REQUIRE(loaded);
	for (size_t i = 0; i < n; i++) {
		memcpy(&loaded[i].seq, effect->data + i * sizeof(uint32_t),
		       sizeof(uint32_t));
		loaded[i].row = row_of(one, TABLE_ITEM, loaded[i].seq);
		loaded[i].blob = row_of(one, TABLE_BLOB, loaded[i].seq);
	}
	run(one, &event);
	free(loaded);
}

static void drop_owed(struct one *one)
{
	while (one->owed) {
		struct one_owed *owed = one->owed;

		one->owed = owed->next;
		free(owed->effect->data);
		free(owed->effect);
		free(owed);
	}
}

/* A stand-in: fast, and it differs when passphrase or salt do. */
static void answer_kdf(struct one *one, const struct effect *effect)
{
	struct event event = { .type = EVENT_KDF, .token = effect->token };

	event.passes = effect->passes ? effect->passes : KDF_PASSES_MIN;
	crypto_generichash(event.kdf, sizeof(event.kdf), effect->data,
			   effect->data_len, effect->salt,
			   sizeof(effect->salt));
	run(one, &event);
}

static void answer_next(struct one *one)
{
	struct event event = { .type = EVENT_NEXT, .token = one->next_error };

	one->ending = false;
	run(one, &event);
}

static void start(struct one *one);

/* Nothing lies beside, so it is the same vault, read again. */
static void begin_anew(struct one *one)
{
	one->renewing = false;
	drop_owed(one);
	node_free(one->node);
	start(one);
}

static void drain(struct one *one)
{
	while (one->owed && !one->hold) {
		struct one_owed *owed = one->owed;

		one->owed = owed->next;
		if (owed->effect->type == EFFECT_LOAD)
			answer_load(one, owed->effect);
		else
			answer_kdf(one, owed->effect);
		free(owed->effect->data);
		free(owed->effect);
		free(owed);
	}
	if (one->ending)
		answer_next(one);
	if (one->renewing && one->n_next == 0 && !one->dead)
		begin_anew(one);
}

/* --- for tests ------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	const struct one_row *x = a, *y = b;
	size_t n = size_min(x->key_len, y->key_len);
	int r = memcmp(x->key, y->key, n);

	return r ? r : (x->key_len > y->key_len) - (x->key_len < y->key_len);
}

/* Rows as the store gives them: items by seq, then the other tables. */
static void start(struct one *one)
{
	static const enum table order[] = { TABLE_ITEM, TABLE_LOCAL,
					    TABLE_STATUS, TABLE_HOLDER };
	const struct node_config config = { .kdf_passes = KDF_PASSES_MIN,
					    .version = "test" };
	struct event event;

	one->node = node_new(&config);
	REQUIRE(one->node);
	if (one->n_rows > 0)
		qsort(one->rows, one->n_rows, sizeof(*one->rows), by_key);
	for (size_t k = 0; k < ARRAY_SIZE(order); k++)
		for (size_t i = 0; i < one->n_rows; i++) {
			const struct one_row *row = &one->rows[i];

			if (row->table != order[k])
				continue;
			event = (struct event){ .type = EVENT_ROW,
						.table = row->table };
			event.key = (struct bytes){ row->key, row->key_len };
			event.data = (struct bytes){ row->data, row->n };
			event.token = find_row(one, TABLE_BLOB, event.key) ? 1 :
									     0;
			run(one, &event);
		}
	event = (struct event){ .type = EVENT_START };
	run(one, &event);
	drain(one);
}

void one_init(struct one *one, uint64_t seed)
{
	REQUIRE(sodium_init() >= 0);
	*one = (struct one){ .mono = 1000, .wall = ONE_WALL, .next_id = 1 };
	one->draws = seed << 32;
	effects_init(&one->effects);
	start(one);
}

static void drop_replies(struct one *one)
{
	for (size_t i = 0; i < one->n_replies; i++)
		fob__reply__free_unpacked(one->replies[i], NULL);
	free(one->replies);
	one->replies = NULL;
	one->n_replies = 0;
	one->n_log = 0;
	one->log[0] = '\0';
	one->loads = 0;
}

void one_deinit(struct one *one)
{
	drop_replies(one);
	drop_owed(one);
	node_free(one->node);
	effects_deinit(&one->effects);
	drop_rows(&one->rows, &one->n_rows);
	drop_rows(&one->next, &one->n_next);
}

void one_restart(struct one *one)
{
	drop_replies(one);
	drop_owed(one);
	node_free(one->node);
	one->dead = false;
	start(one);
}

void one_renew(struct one *one)
{
	REQUIRE(one->renewing);
	one->renewing = false;
	swap_rows(one);
	one_restart(one);
}

const Fob__Reply *one_ask(struct one *one, Fob__Request *request)
{
	struct event event = { .type = EVENT_CLIENT, .conn = 7 };
	uint8_t *packed;

	drop_replies(one);
	request->id = one->next_id++;
	event.data.n = fob__request__get_packed_size(request);
	packed = malloc(event.data.n + 1);
	REQUIRE(packed);
	fob__request__pack(request, packed);
	event.data.p = packed;
	run(one, &event);
	free(packed);
	drain(one);
	if (one->n_replies == 0)
		return NULL;
	for (size_t i = 0; i < one->n_replies; i++) {
		REQUIRE(one->replies[i]->id == request->id);
		REQUIRE(one->replies[i]->more == (i + 1 < one->n_replies));
	}
	return one->replies[one->n_replies - 1];
}

void one_later(struct one *one, uint64_t ms)
{
	struct event event = { .type = EVENT_TIMER };

	one->mono += ms;
	one->wall += (int64_t)ms;
	run(one, &event);
	drain(one);
}

void one_event(struct one *one, struct event *event)
{
	run(one, event);
	drain(one);
}

void one_send(struct one *one, uint32_t conn, Fob__Request *request)
{
	struct event event = { .type = EVENT_CLIENT, .conn = conn };
	uint8_t *packed;

	if (!request->id)
		request->id = one->next_id++;
	event.data.n = fob__request__get_packed_size(request);
	packed = malloc(event.data.n + 1);
	REQUIRE(packed);
	fob__request__pack(request, packed);
	event.data.p = packed;
	one_event(one, &event);
	free(packed);
}

const Fob__Reply *one_reply(const struct one *one, uint32_t id)
{
	for (size_t i = one->n_replies; i-- > 0;)
		if (one->replies[i]->id == id)
			return one->replies[i];
	return NULL;
}

void one_release(struct one *one)
{
	one->hold = false;
	drain(one);
}

int one_try(struct one *one, struct event *event)
{
	int r;

	prepare(one, event);
	r = node_step(one->node, event, &one->effects);
	obey_all(one);
	return r;
}

void one_blank(struct one *one, bool keeper)
{
	const struct node_config config = { .kdf_passes = KDF_PASSES_MIN,
					    .keeper = keeper,
					    .version = "test" };

	REQUIRE(sodium_init() >= 0);
	*one = (struct one){ .mono = 1000, .wall = ONE_WALL, .next_id = 1 };
	effects_init(&one->effects);
	one->node = node_new(&config);
	REQUIRE(one->node);
}

const struct one_row *one_row(struct one *one, enum table table,
			      struct bytes key)
{
	return find_row(one, table, key);
}

void one_step_begin(struct one *one, struct one_step *ret)
{
	*ret = (struct one_step){ .event = { .type = EVENT_TIMER } };
	prepare(one, &ret->event);
	effects_clear(&one->effects);
	ret->step = (struct step){ .node = one->node,
				   .event = &ret->event,
				   .effects = &one->effects };
}

void one_step_end(struct one *one, struct one_step *own)
{
	REQUIRE(take_settle(&own->step) == 0);
	obey_all(one);
	drain(one);
}

void one_make_vault(struct one *one)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InitAsk init = FOB__INIT_ASK__INIT;
	const Fob__Reply *reply;

	init.passphrase.data = (uint8_t *)passphrase;
	init.passphrase.len = strlen(passphrase);
	request.init = &init;
	reply = one_ask(one, &request);
	REQUIRE(reply && reply->status == STATUS_OK && reply->made);
}
