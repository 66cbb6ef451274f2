/*
 * Snapshots: made in parts, one for each request of one client, and looked at
 * the same way. A job belongs to its connection and goes with it.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/recover.h"
#include "proto/secret.h"

/* Rows that are read for one part: some of them go into the next one. */
#define MAKE_FULL 1 /* the rest is for the next part */
#define BATCH_ITEMS 64

static void job_free(struct snapshot_job *job)
{
	if (job->has_set)
		set_deinit(&job->set);
	free(job->items);
	free(job->made);
	snapshot_writer_wipe(job->writer);
	secret_free(job->writer);
	snapshot_reader_deinit(job->reader);
	secret_free(job->reader);
	free(job);
}

static struct snapshot_job *job_find(struct node *node, uint32_t conn)
{
	for (struct snapshot_job *job = node->snapshots; job; job = job->next)
		if (job->conn == conn)
			return job;
	return NULL;
}

void snapshot_client_gone(struct node *node, uint32_t conn)
{
	struct snapshot_job **at = &node->snapshots;

	while (*at) {
		struct snapshot_job *job = *at;

		if (job->conn != conn) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		job_free(job);
	}
}

void snapshot_free_all(struct node *node)
{
	while (node->snapshots) {
		struct snapshot_job *job = node->snapshots;

		node->snapshots = job->next;
		job_free(job);
	}
}

/* A job of this connection, in place of one that it had. 0, 1 replied. */
static int job_new(struct step *step, struct call *call,
		   struct snapshot_job **ret)
{
	struct node *node = step->node;
	struct snapshot_job *job;
	size_t n = 0;
	int r;

	snapshot_client_gone(node, call->conn);
	for (job = node->snapshots; job; job = job->next)
		n++;
	if (n >= SNAPSHOT_JOBS) {
		r = call_fail(step, call, STATUS_FAILED,
			      "%d snapshots are under way already: try again "
			      "in a moment",
			      SNAPSHOT_JOBS);
		return r < 0 ? r : 1;
	}
	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	job->conn = call->conn;
	job->next = node->snapshots;
	node->snapshots = job;
	*ret = job;
	return 0;
}

/* --- making one ----------------------------------------------------------------- */

/* Class 0 as it was learnt; then the newest first, who vouch for the older. */
static int in_order(const void *a, const void *b)
{
	const struct set_item *const *x = a, *const *y = b;
	unsigned class_x = item_class((*x)->kind);
	unsigned class_y = item_class((*y)->kind);
	bool before = (*x)->seq < (*y)->seq;

	if (class_x != class_y)
		return class_x < class_y ? -1 : 1;
	return before == (class_x == 0) ? -1 : 1;
}

static int make_list(struct node *node, struct snapshot_job *job)
{
	struct set *set = &node->set;
	AUTO_FREE const struct set_item **sorted = NULL;
	size_t n = 0;

	for (unsigned i = 0; i < CLASS_MAX; i++)
		n += set->n_carried[i];
	sorted = malloc((n + 1) * sizeof(*sorted));
	job->items = malloc((n + 1) * sizeof(*job->items));
	if (!sorted || !job->items)
		return -ENOMEM;
	for (unsigned i = 0; i < CLASS_MAX; i++) {
		uint32_t n_class;
		const uint32_t *list = set_sorted(set, i, &n_class);

		for (uint32_t k = 0; k < n_class; k++)
			sorted[job->n_items++] = &set->items[list[k]];
	}
	REQUIRE(job->n_items == n);
	qsort(sorted, n, sizeof(*sorted), in_order);
	for (size_t i = 0; i < n; i++)
		job->items[i] = (uint32_t)(sorted[i] - set->items);
	return 0;
}

static const struct set_recovery *make_kit(const struct node *node)
{
	for (uint32_t i = 0; i < node->set.n_recoveries; i++)
		if (node->set.recoveries[i].current)
			return &node->set.recoveries[i];
	return NULL;
}

static int make_writer(struct step *step, struct snapshot_job *job,
		       const struct set_recovery *kit)
{
	struct snapshot_header header = { .generation = kit->generation };
	uint8_t entropy[SNAPSHOT_ENTROPY];
	int r;

	memcpy(header.vault_id, step->node->set.vault_id, ID_SIZE);
	memcpy(header.recipient, kit->wrap, KEY_SIZE);
	job->writer = secret_alloc(sizeof(*job->writer));
	if (!job->writer)
		return -ENOMEM;
	step_random(step, entropy, sizeof(entropy));
	r = snapshot_writer_init(job->writer, &header, entropy);
	sodium_memzero(entropy, sizeof(entropy));
	REQUIRE(r == 0); /* a key of low order makes no RECOVERY */
	return 0;
}

static int make_begin(struct step *step, struct call *call,
		      struct snapshot_job **ret)
{
	struct node *node = step->node;
	const struct set_recovery *kit = make_kit(node);
	uint8_t row[STATUS_ROW_MAX];
	int r;

	if (!kit)
		return call_fail(step, call, STATUS_CONFLICT,
				 "two kits were made at once, so neither could "
				 "open a snapshot: fob migrate makes a new "
				 "vault") < 0 ?
			       -ENOMEM :
			       1;
	r = job_new(step, call, ret);
	if (r == 0)
		r = make_list(node, *ret);
	if (r == 0)
		r = make_writer(step, *ret, kit);
	if (r)
		return r;
	(*ret)->made_len = statement_row(step, row);
	(*ret)->made = malloc((*ret)->made_len);
	if (!(*ret)->made)
		return -ENOMEM;
	memcpy((*ret)->made, row, (*ret)->made_len);
	return 0;
}

static int make_load(struct call *call, struct snapshot_job *job)
{
	size_t n = size_min(job->n_items - job->done, BATCH_ITEMS);

	job->batch = n;
	for (size_t i = 0; i < n; i++)
		if (call_want(call, job->items[job->done + i]) < 0)
			return -ENOMEM;
	return n ? CALL_LOAD : 0;
}

static ProtobufCBinaryData binary(struct bytes b)
{
	union {
		const uint8_t *in;
		uint8_t *out;
	} p = { .in = b.p };

	return (ProtobufCBinaryData){ b.n, b.n ? p.out : NULL };
}

/* False: there is no room for it in this part any more. */
static bool make_item(const struct node *node, struct snapshot_job *job,
		      const struct cached *cached)
{
	const struct set_item *item = &node->set.items[cached->item];
	Fob__SnapshotPart part = FOB__SNAPSHOT_PART__INIT;
	Fob__Item out = FOB__ITEM__INIT;
	struct item_row row;

	/* Dropped since the list was made: the count will tell. */
	if (!item_row_parse((struct bytes){ cached->row, cached->row_len },
			    &row))
		return true;
	out.body = binary(row.body);
	out.signature = binary(row.signature);
	if (!(item->flags & SET_INERT))
		out.blob = binary(
			(struct bytes){ cached->blob, cached->blob_len });
	part.item = &out;
	return snapshot_add(job->writer, &part);
}

/* One status as it came, in its own part. 0, MAKE_FULL, -ENOMEM. */
static int make_status(struct snapshot_job *job, struct bytes packed, bool made)
{
	Fob__SnapshotPart part = FOB__SNAPSHOT_PART__INIT;
	Fob__Status *status;
	bool added;

	/* It was unpacked when it came, so it is well formed. */
	status = fob__status__unpack(NULL, packed.n, packed.p);
	if (!status)
		return -ENOMEM;
	if (made)
		part.made = status;
	else
		part.status = status;
	added = snapshot_add(job->writer, &part);
	fob__status__free_unpacked(status, NULL);
	return added ? 0 : MAKE_FULL;
}

/* What devices said of themselves, then what we say. 0: that was all. */
static int make_end(const struct node *node, struct snapshot_job *job)
{
	int r;

	for (; job->status < node->set.n_authors; job->status++) {
		const struct device_status *status =
			statuses_find(&node->statuses, job->status);

		if (!status || job->status == node->self_author)
			continue;
		r = make_status(job,
				(struct bytes){ status->packed,
						status->packed_len },
				false);
		if (r)
			return r;
	}
	return make_status(job, (struct bytes){ job->made, job->made_len },
			   true);
}

static int make_reply(struct step *step, struct call *call,
		      struct snapshot_job *job, bool last)
{
	AUTO_FREE uint8_t *out = malloc(SNAPSHOT_OUT);
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__SnapshotInfo info = FOB__SNAPSHOT_INFO__INIT;

	if (!out)
		return -ENOMEM;
	info.data.data = out;
	info.data.len = snapshot_write(job->writer, last, out);
	info.last = last;
	info.done = job->done;
	info.total = job->n_items;
	info.vault = (ProtobufCBinaryData){ ID_SIZE, step->node->set.vault_id };
	info.device =
		(ProtobufCBinaryData){ DEVICE_ID_SIZE, step->node->self->id };
	reply.snapshot = &info;
	if (last) {
		step_trace(step, TRACE_SNAPSHOT, NULL, NULL, job->n_items);
		doctor_snapshot_made(step);
		snapshot_client_gone(step->node, call->conn);
	}
	return call_reply(step, call, &reply);
}

static int make_part(struct step *step, struct call *call,
		     struct snapshot_job *job)
{
	bool room = true;
	int r = MAKE_FULL;

	for (size_t i = 0; i < call->n_cache && room; i++) {
		room = make_item(step->node, job, &call->cache[i]);
		job->done += room;
	}
	if (room && job->done == job->n_items)
		r = make_end(step->node, job);
	return r < 0 ? r : make_reply(step, call, job, r == 0);
}

static int snapshot_make(struct step *step, struct call *call)
{
	struct node *node = step->node;
	struct snapshot_job *job = job_find(node, call->conn);
	int r;

	if (!node->self || node->self_author == NONE)
		return call_need(step, call, FOB__NEED__NEED_VAULT, 0);
	if (call->stage == 0 && !strcmp(call->request->snapshot->op, "make")) {
		r = make_begin(step, call, &job);
		if (r)
			return r < 0 ? r : CALL_DONE;
	}
	if (!job || !job->writer)
		return call_fail(step, call, STATUS_USAGE,
				 "no snapshot is under way here");
	if (call->stage == 0) {
		call->stage = 1;
		r = make_load(call, job);
		if (r)
			return r;
	}
	return make_part(step, call, job);
}

/* --- looking at one -------------------------------------------------------------- */

static int look_failed(struct step *step, struct call *call, int error)
{
	snapshot_client_gone(step->node, call->conn);
	return call_fail(step, call,
			 error == SNAPSHOT_ERR_WORDS ? STATUS_REFUSED :
						       STATUS_FAILED,
			 "%s", snapshot_error_text(error));
}

static int look_begin(struct step *step, struct call *call,
		      struct snapshot_job **ret)
{
	const Fob__SnapshotAsk *ask = call->request->snapshot;
	AUTO_KIT struct kit kit;
	int r = job_new(step, call, ret);

	memset(&kit, 0, sizeof(kit));
	if (r)
		return r;
	(*ret)->reader = secret_alloc(sizeof(*(*ret)->reader));
	if (!(*ret)->reader)
		return -ENOMEM;
	if (ask->seed.len == KEY_SIZE)
		kit_derive(&kit, ask->seed.data);
	snapshot_reader_init((*ret)->reader,
			     ask->seed.len == KEY_SIZE ? &kit : NULL);
	set_init(&(*ret)->set);
	(*ret)->has_set = true;
	return 0;
}

/* An item of the file into a set of its own. 0, SNAPSHOT_ERR_*, -ENOMEM. */
static int look_item(struct snapshot_job *job, const Fob__Item *from)
{
	AUTO_ITEM struct item item = { 0 };
	struct set *set = &job->set;
	struct set_arrival how = { .seq = NONE };
	uint32_t index;
	int r;

	if (from->signature.len != SIGNATURE_SIZE ||
	    from->body.len > BODY_MAX || from->blob.len > BLOB_MAX)
		return SNAPSHOT_ERR_CONTENT;
	r = item_parse(&item, set->pinned ? set->vault_id : NULL,
		       (struct bytes){ from->body.data, from->body.len },
		       (struct bytes){ from->signature.data,
				       from->signature.len },
		       (struct bytes){ from->blob.data, from->blob.len });
	if (r == 0) {
		job->blobs += from->blob.len > 0;
		r = set_add(set, &item, &how, &index);
	}
	if (r)
		return r < 0 ? r : SNAPSHOT_ERR_CONTENT;
	return snapshot_note(job->reader, set_class(set, index),
			     set->items[index].id);
}

int snapshot_maker(const struct set *set, struct bytes packed,
		   struct snapshot_made *ret)
{
	struct statuses statuses;
	const struct device_status *status;
	uint32_t author;
	int r;

	statuses_init(&statuses);
	r = statuses_take(&statuses, set, packed, 0, &author);
	status = r == 0 ? statuses_find(&statuses, author) : NULL;
	if (status) {
		memcpy(ret->device, set->authors[author].id, DEVICE_ID_SIZE);
		memcpy(ret->root, status->root, ID_SIZE);
		ret->time = status->time;
		ret->count = status->count;
	}
	statuses_deinit(&statuses);
	if (r < 0)
		return r;
	return status ? 0 : SNAPSHOT_ERR_CONTENT;
}

/* The last part: what the maker signed, about exactly these items. */
static int look_made(struct snapshot_job *job, const Fob__Status *status)
{
	uint8_t packed[STATUS_ROW_MAX];
	size_t n = fob__status__get_packed_size(status);
	int r;

	if (n > sizeof(packed) || !job->set.pinned ||
	    memcmp(job->set.vault_id, job->reader->header.vault_id, ID_SIZE))
		return SNAPSHOT_ERR_CONTENT;
	fob__status__pack(status, packed);
	r = snapshot_maker(&job->set, (struct bytes){ packed, n },
			   &job->made_by);
	if (r)
		return r;
	job->has_made = true;
	return snapshot_complete(job->reader, &job->made_by);
}

static int look_part(struct snapshot_job *job, struct bytes bytes)
{
	struct budget budget;
	Fob__SnapshotPart *part;
	int r = SNAPSHOT_ERR_CONTENT;

	budget_init(&budget, false);
	part = fob__snapshot_part__unpack(&budget.allocator, bytes.n, bytes.p);
	if (!part)
		r = budget_error(&budget, r);
	else if (job->has_made)
		r = SNAPSHOT_ERR_CONTENT; /* that was the last part */
	else if (part->item)
		r = look_item(job, part->item);
	else if (part->made)
		r = look_made(job, part->made);
	else
		r = 0; /* of a device, or of a newer version */
	if (part)
		fob__snapshot_part__free_unpacked(part, &budget.allocator);
	budget_deinit(&budget);
	return r;
}

static int look_reply(struct step *step, struct call *call,
		      struct snapshot_job *job)
{
	struct snapshot_made *made = &job->made_by;
	struct node *node = step->node;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__SnapshotInfo info = FOB__SNAPSHOT_INFO__INIT;
	struct snapshot_header header = job->reader->header;
	char name[DEVICE_NAME_MAX + 1] = { 0 };
	uint32_t author = set_author(&node->set, made->device);

	info.last = call->request->snapshot->last;
	info.vault = (ProtobufCBinaryData){ ID_SIZE, header.vault_id };
	info.generation = header.generation;
	info.done = info.items = job->reader->n_items;
	info.blobs = job->blobs;
	if (info.last && job->reader->opens) {
		info.opened = true;
		info.device =
			(ProtobufCBinaryData){ DEVICE_ID_SIZE, made->device };
		info.time = made->time;
		info.root = (ProtobufCBinaryData){ ID_SIZE, made->root };
		if (author != NONE)
			memcpy(name, node_device_name(node, author),
			       size_min(strlen(node_device_name(node, author)),
					DEVICE_NAME_MAX));
		info.name = name;
	}
	reply.snapshot = &info;
	return call_reply(step, call, &reply);
}

static int snapshot_look(struct step *step, struct call *call)
{
	const Fob__SnapshotAsk *ask = call->request->snapshot;
	struct snapshot_job *job = job_find(step->node, call->conn);
	struct bytes in = { ask->data.data, ask->data.len }, part;
	int r = 0;

	if (ask->first) {
		r = look_begin(step, call, &job);
		if (r)
			return r < 0 ? r : CALL_DONE;
	}
	if (!job || !job->reader)
		return call_fail(step, call, STATUS_USAGE,
				 "no snapshot is being looked at here");
	while (r == 0 && in.n) {
		r = snapshot_feed(job->reader, &in);
		while (r == 0 && snapshot_next(job->reader, &part))
			r = look_part(job, part);
	}
	if (r == 0 && ask->last)
		r = snapshot_ended(job->reader);
	if (r == 0 && ask->last && job->reader->opens && !job->has_made)
		r = SNAPSHOT_ERR_CONTENT;
	if (r)
		return r < 0 ? r : look_failed(step, call, r);
	r = look_reply(step, call, job);
	if (ask->last)
		snapshot_client_gone(step->node, call->conn);
	return r;
}

int ask_snapshot(struct step *step, struct call *call)
{
	const Fob__SnapshotAsk *ask = call->request->snapshot;

	if (!strcmp(ask->op, "verify"))
		return snapshot_look(step, call);
	if (!strcmp(ask->op, "make") || !strcmp(ask->op, "next"))
		return snapshot_make(step, call);
	return call_fail(step, call, STATUS_USAGE, "make, next or verify");
}
