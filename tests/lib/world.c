#include "tests/lib/world.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/link/packet.h"
#include "tests/lib/world_inner.h"

#define TAIL_BYTES 6000 /* of the trace, when something has failed */

/* --- random numbers ---------------------------------------------------------- */

/* splitmix64: Steele, Lea, Flood, "Fast splittable generators", 2014. */
uint64_t stream_next(struct world_stream *stream)
{
	uint64_t z = stream->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t stream_below(struct world_stream *stream, uint64_t limit)
{
	return limit ? stream_next(stream) % limit : 0;
}

bool stream_chance(struct world_stream *stream, unsigned percent)
{
	return stream_below(stream, 100) < percent;
}

static void stream_init(struct world_stream *stream, uint64_t seed,
			uint64_t purpose)
{
	stream->state = seed * UINT64_C(0xd1342543de82ef95) + purpose;
	stream_next(stream);
}

void *world_copy(const void *from, size_t n)
{
	uint8_t *copy = malloc(n + 1);

	REQUIRE(copy);
	if (n)
		memcpy(copy, from, n);
	return copy;
}

/* --- the trace --------------------------------------------------------------- */

static void append(struct world *world, const char *text)
{
	size_t n = strlen(text);

	if (world->n_trace + n + 1 > world->cap_trace) {
		world->cap_trace = 2 * world->cap_trace + n + 4096;
		world->trace = realloc(world->trace, world->cap_trace);
		REQUIRE(world->trace);
	}
	memcpy(world->trace + world->n_trace, text, n + 1);
	world->n_trace += n;
	if (world->echo)
		fputs(text, stdout);
}

void world_say(struct world *world, const char *format, ...)
{
	char line[512], stamped[600];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	world_no_canary(world, (struct bytes){ (uint8_t *)line, strlen(line) },
			"the trace");
	snprintf(stamped, sizeof(stamped), "[%6llu] %s\n",
		 (unsigned long long)world->now, line);
	append(world, stamped);
}

void world_failed(struct world *world, const char *what, const char *file,
		  int line)
{
	size_t from = 0;

	if (!world->echo && world->trace) {
		if (world->n_trace > TAIL_BYTES)
			from = world->n_trace - TAIL_BYTES;
		printf("...%s", world->trace + from);
	}
	printf("%s:%d: at %llu ms this does not hold: %s\n", file, line,
	       (unsigned long long)world->now, what);
	fflush(stdout);
	_Exit(1);
}

const char *world_device_name(const struct world *world,
			      const uint8_t id[static DEVICE_ID_SIZE])
{
	for (int i = 0; i < world->n_nodes; i++)
		if (!memcmp(world->nodes[i].id, id, DEVICE_ID_SIZE))
			return world->nodes[i].name;
	return "?";
}

static const char *kind_name(uint64_t kind)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
		&fob__kind__descriptor, (int)kind);

	return value ? value->name : "?";
}

void world_count(struct world *world, unsigned tally)
{
	if (world->tally)
		world->tally[tally]++;
}

void world_trace_effect(struct world *world, int node,
			const struct effect_trace *trace)
{
	const char *name = world->nodes[node].name;
	char item[16] = "", device[16] = "", number[32] = "";

	world_count(world, TALLY_TRACE + (unsigned)trace->what);
	if (trace->has_item)
		snprintf(item, sizeof(item), " %02x%02x", trace->item[0],
			 trace->item[1]);
	if (trace->has_device)
		snprintf(device, sizeof(device), " %s",
			 world_device_name(world, trace->device));
	if (trace->what == TRACE_STORED || trace->what == TRACE_WROTE) {
		if (!world->quiet)
			world_say(world, "%s  %s %s%s by%s", name,
				  effect_trace_text(trace->what),
				  kind_name(trace->number), item,
				  device[0] ? device : " the kit");
		return;
	}
	if (trace->number)
		snprintf(number, sizeof(number), " %llu",
			 (unsigned long long)trace->number);
	if (!world->quiet || trace->what != TRACE_SENT)
		world_say(world, "%s  %s%s%s%s", name,
			  effect_trace_text(trace->what), device, item, number);
}

/* --- messages, in a few words --------------------------------------------------- */

struct words {
	char text[256];
	size_t n;
};

static void word(struct words *words, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void word(struct words *words, const char *format, ...)
{
	va_list args;
	int n;

	if (words->n > 0 && words->n + 2 < sizeof(words->text)) {
		memcpy(words->text + words->n, ", ", 3);
		words->n += 2;
	}
	va_start(args, format);
	n = vsnprintf(words->text + words->n, sizeof(words->text) - words->n,
		      format, args);
	va_end(args);
	words->n = size_min(words->n + (size_t)n, sizeof(words->text) - 1);
}

static void word_ranges(struct words *words, const Fob__Ranges *ranges)
{
	size_t sums = 0, ids = 0;

	for (size_t i = 0; i < ranges->n_ranges; i++) {
		sums += ranges->ranges[i]->mode == FOB__RANGE_MODE__FINGERPRINT;
		ids += ranges->ranges[i]->ids.len / ID_SIZE;
	}
	word(words, "ranges of class %u: %zu sums, %zu ids", ranges->class_,
	     sums, ids);
}

static void describe(struct words *words, const Fob__PeerMessage *m)
{
	if (m->hello)
		word(words, "hello with %zu ADDs", m->hello->n_chain);
	if (m->roots)
		word(words, "%s %zu root%s", m->roots->reply ? "has" : "asks",
		     m->roots->n_root, m->roots->n_root == 1 ? "" : "s");
	if (m->ranges)
		word_ranges(words, m->ranges);
	if (m->announce)
		word(words, "announces %zu", m->announce->ids.len / ID_SIZE);
	if (m->want)
		word(words, "wants %zu", m->want->ids.len / ID_SIZE);
	if (m->items)
		word(words, "gives %zu", m->items->n_items);
	if (m->items && m->items->absent.len)
		word(words, "%zu absent", m->items->absent.len / ID_SIZE);
	if (m->ack)
		word(words, "acknowledges %llu",
		     (unsigned long long)m->ack->seq);
	if (m->blob_want)
		word(words, "wants %zu blobs", m->blob_want->ids.len / ID_SIZE);
	if (m->blob_gone)
		word(words, "%zu blobs gone", m->blob_gone->ids.len / ID_SIZE);
	if (m->statuses)
		word(words, "%zu statuses", m->statuses->n_statuses);
	if (m->ping)
		word(words, "%s", m->ping->reply ? "pong" : "ping");
	if (m->bye)
		word(words, "bye %u", m->bye->reason);
	if (m->reset)
		word(words,
		     m->reset->device  ? "asks for new keys" :
		     m->reset->ordinal ? "offers place %u" :
					 "signs with new keys",
		     m->reset->ordinal);
}

void world_trace_message(struct world *world, const struct world_wire *wire,
			 int to, struct bytes message)
{
	struct words words = { .n = 0 };
	Fob__PeerMessage *m;

	world->messages++;
	/* Length, padded plain text, tag: what packet.h says. */
	world->wire_bytes +=
		2 + NOISE_TAG_SIZE + packet_padded(PACKET_HEADER + message.n);
	if (world->quiet)
		return;
	m = fob__peer_message__unpack(NULL, message.n, message.p);
	EXPECT(world, m != NULL);
	describe(&words, m);
	fob__peer_message__free_unpacked(m, NULL);
	world_say(world, "%s > %s  %s", world->nodes[wire->node[1 - to]].name,
		  world->nodes[wire->node[to]].name, words.text);
}

/* --- secrets ------------------------------------------------------------------------ */

/* As it is, and as base32 writes its first five bytes. */
void world_no_canary(struct world *world, struct bytes bytes, const char *where)
{
	static const char *const needles[] = { WORLD_CANARY, "INAU4QKS" };

	world_count(world, TALLY_CHECK_CANARY);
	for (size_t i = 0; i < ARRAY_SIZE(needles); i++)
		if (bytes.n >= 8 && memmem(bytes.p, bytes.n, needles[i], 8)) {
			printf("a secret is seen in %s\n", where);
			world_failed(world, "no secret outside", __FILE__,
				     __LINE__);
		}
}

/* --- what is due ------------------------------------------------------------------ */

static bool sooner(const struct world_due *a, const struct world_due *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void push(struct world *world, struct world_due *due)
{
	size_t at = world->n_heap;

	if (world->n_heap == world->cap_heap) {
		world->cap_heap = 2 * world->cap_heap + 64;
		world->heap =
			realloc(world->heap, world->cap_heap * sizeof(due));
		REQUIRE(world->heap);
	}
	world->n_heap++;
	while (at > 0 && sooner(due, world->heap[(at - 1) / 2])) {
		world->heap[at] = world->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	world->heap[at] = due;
}

static struct world_due *pop(struct world *world)
{
	struct world_due *first = world->heap[0];
	struct world_due *last = world->heap[--world->n_heap];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= world->n_heap)
			break;
		if (child + 1 < world->n_heap &&
		    sooner(world->heap[child + 1], world->heap[child]))
			child++;
		if (!sooner(world->heap[child], last))
			break;
		world->heap[at] = world->heap[child];
		at = child;
	}
	if (world->n_heap > 0)
		world->heap[at] = last;
	return first;
}

struct world_due *world_plan(struct world *world, enum due_kind kind, int node,
			     uint64_t ms)
{
	struct world_due *due = calloc(1, sizeof(*due));

	REQUIRE(due);
	due->at = world->now + ms;
	due->seq = world->seq++;
	due->kind = kind;
	due->node = node;
	due->boot = world->nodes[node].boot;
	push(world, due);
	return due;
}

void world_due_free(struct world_due *due)
{
	free(due->data);
	free(due);
}

static void step_until(struct world *world, uint64_t limit)
{
	if (world->n_heap == 0 || world->heap[0]->at > limit) {
		world->now = limit;
		return;
	}
	struct world_due *due = pop(world);
	world->now = due->at;
	world_take(world, due);
}

void world_run(struct world *world, uint64_t ms)
{
	uint64_t limit = world->now + ms;

	while (world->now < limit ||
	       (world->n_heap && world->heap[0]->at <= limit))
		step_until(world, limit);
}

void world_events(struct world *world, uint64_t n)
{
	for (; n > 0 && world->n_heap > 0; n--)
		step_until(world, world->heap[0]->at);
}

static bool is_committing(struct world *world, void *arg)
{
	const int *node = arg;

	return world->nodes[*node].committing || !world->nodes[*node].node;
}

void world_until_commit(struct world *world, int node, uint64_t ms)
{
	world_until(world, ms, is_committing, &node);
}

bool world_until(struct world *world, uint64_t ms,
		 bool (*done)(struct world *world, void *arg), void *arg)
{
	uint64_t limit = world->now + ms;

	while (!done(world, arg)) {
		if (world->now >= limit)
			return false;
		step_until(world, limit);
	}
	return true;
}

/* --- the whole ---------------------------------------------------------------------- */

void world_init(struct world *world, uint64_t seed)
{
	REQUIRE(sodium_init() >= 0);
	memset(world, 0, sizeof(*world));
	stream_init(&world->core, seed, 1);
	stream_init(&world->net, seed, 2);
	stream_init(&world->disk, seed, 3);
	stream_init(&world->people, seed, 4);
	stream_init(&world->evil, seed, 5);
	world->latency = 10;
	world->sync_ms = 2;
}

void world_deinit(struct world *world)
{
	for (int i = 0; i < world->n_nodes; i++) {
		struct world_node *n = &world->nodes[i];

		if (n->node)
			world_kill(world, i);
		disk_deinit(&n->disk);
		disk_deinit(&n->next);
		effects_deinit(&n->effects);
		effects_deinit(&n->held);
		effects_deinit(&n->soft);
		effects_deinit(&n->loads);
		effects_deinit(&n->kdfs);
		for (size_t k = 0; k < n->n_replies; k++)
			fob__reply__free_unpacked(n->replies[k], NULL);
		free(n->replies);
		free(n->promised.ids);
		free(n->said);
		free(n->owes.ids);
	}
	while (world->n_heap)
		world_due_free(pop(world));
	EXPECT(world, secret_used() == 0);
	free(world->heap);
	free(world->wires);
	free(world->nonces.slots);
	free(world->barred);
	free(world->trace);
	memset(world, 0, sizeof(*world));
}
