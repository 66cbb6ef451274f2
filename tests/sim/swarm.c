/*
 * Random worlds: a seed draws how the world is, which faults there are, and
 * what people do. In the end the network is whole, every machine is on, and
 * all must come to show the same within some virtual minutes, with everything
 * that was answered, and then be quiet.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/story.h"

#define HEAL_MS (30 * 60 * 1000)
#define QUIET_MS (10 * 60 * 1000)
#define RECORDS_MAX 64
#define FIELDS_KNOWN 400

enum fault {
	FAULT_RESET,
	FAULT_CUT,
	FAULT_KILL,
	FAULT_BACKUP,
	FAULT_CLOCK,
	FAULT_LOCK,
	FAULT_JOIN,
	FAULT_REVOKE,
	FAULTS
};

static const char *const fault_names[FAULTS] = {
	"resets", "cuts",  "kills", "backups",
	"clocks", "locks", "joins", "revocations",
};

/* A field that somebody was told is set. */
struct promise {
	int node;
	uint32_t request;
	unsigned record;
	unsigned value; /* of key x-VALUE */
};

struct swarm {
	struct world *world;
	struct world_stream *people;
	bool faults[FAULTS];
	unsigned n_records, n_secrets, n_fields;
	bool hotp[RECORDS_MAX];
	struct promise promises[FIELDS_KNOWN];
	size_t n_promises;
	struct disk backup[WORLD_NODES];
	struct world_ids backup_promised[WORLD_NODES];
	bool has_backup[WORLD_NODES];
	bool went_back; /* some machine got an older disk */
};

static uint64_t below(struct swarm *swarm, uint64_t limit)
{
	return stream_below(swarm->people, limit);
}

static int any_node(struct swarm *swarm)
{
	return (int)below(swarm, (uint64_t)swarm->world->n_nodes);
}

static struct world_node *machine(struct swarm *swarm, int node)
{
	return &swarm->world->nodes[node];
}

static void issuer_of(unsigned record, char ret[static 32])
{
	snprintf(ret, 32, "site-%03u", record);
}

/* --- what people do ----------------------------------------------------------- */

static void do_add(struct swarm *swarm, int node)
{
	char issuer[32];

	if (swarm->n_records == RECORDS_MAX)
		return;
	issuer_of(swarm->n_records, issuer);
	swarm->hotp[swarm->n_records] = below(swarm, 3) == 0;
	if (swarm->hotp[swarm->n_records])
		world_add_hotp(swarm->world, node, issuer, swarm->n_secrets++);
	else
		world_add_begin(swarm->world, node, issuer, swarm->n_secrets++);
	swarm->n_records++;
}

static void do_edit(struct swarm *swarm, int node)
{
	struct promise *promise = &swarm->promises[swarm->n_promises];
	char issuer[32], key[32], value[32];

	if (swarm->n_promises == FIELDS_KNOWN)
		return;
	promise->node = node;
	promise->record = (unsigned)below(swarm, swarm->n_records);
	promise->value = swarm->n_fields++;
	issuer_of(promise->record, issuer);
	snprintf(key, sizeof(key), "x-%u", promise->value);
	snprintf(value, sizeof(value), "v%u", promise->value);
	if (below(swarm, 2))
		world_set_field(swarm->world, node, issuer, "note", value);
	if (story_ok(world_set_field(swarm->world, node, issuer, key, value)))
		swarm->n_promises++;
}

static void do_one(struct swarm *swarm, int node)
{
	unsigned record = (unsigned)below(swarm, swarm->n_records);
	char issuer[32];

	issuer_of(record, issuer);
	switch (below(swarm, 12)) {
	case 0:
	case 1:
		do_add(swarm, node);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		do_edit(swarm, node);
		break;
	case 6:
		world_set_secret(swarm->world, node, issuer,
				 swarm->n_secrets++);
		break;
	case 7:
		if (below(swarm, 3) == 0)
			world_remove(swarm->world, node, issuer);
		break;
	case 8:
		world_resolve(swarm->world, node, issuer, "");
		break;
	case 9:
		world_list(swarm->world, node, "");
		break;
	default:
		world_code(swarm->world, node, issuer);
	}
}

/* --- what goes wrong ------------------------------------------------------------ */

static void do_start(struct swarm *swarm, int node)
{
	world_start(swarm->world, node);
	if (machine(swarm, node)->node->state == NODE_LOCKED &&
	    below(swarm, 10) < 8)
		world_unlock(swarm->world, node);
}

static void do_kill(struct swarm *swarm, int node)
{
	if (!machine(swarm, node)->node)
		return;
	/* In the middle of something, often. */
	if (machine(swarm, node)->node->state == NODE_UNLOCKED &&
	    swarm->n_records < RECORDS_MAX && below(swarm, 2)) {
		char issuer[32];

		issuer_of(swarm->n_records++, issuer);
		world_add_begin(swarm->world, node, issuer, swarm->n_secrets++);
		world_run(swarm->world,
			  below(swarm, 2 * swarm->world->sync_ms + 2));
	}
	world_kill(swarm->world, node);
}

static void do_backup(struct swarm *swarm, int node)
{
	struct world_node *n = machine(swarm, node);

	if (!swarm->has_backup[node]) {
		if (!n->node || n->node->self_author == NONE)
			return;
		world_quiesce(swarm->world, node);
		disk_copy(&n->disk, &swarm->backup[node]);
		world_copy_ids(&n->promised, &swarm->backup_promised[node]);
		swarm->has_backup[node] = true;
		return;
	}
	if (n->node)
		world_kill(swarm->world, node);
	world_say(swarm->world, "%s  gets an old disk back", n->name);
	world_replace_disk(swarm->world, node, &swarm->backup[node],
			   &swarm->backup_promised[node]);
	disk_deinit(&swarm->backup[node]);
	free(swarm->backup_promised[node].ids);
	swarm->has_backup[node] = false;
	swarm->went_back = true;
}

static void do_clock(struct swarm *swarm, int node)
{
	int64_t jump = (int64_t)below(swarm, 4 * 3600 * 1000) - 2 * 3600 * 1000;

	if (below(swarm, 2))
		jump /= 1000;
	machine(swarm, node)->skew += jump;
	world_say(swarm->world, "%s  its clock jumps by %lld ms",
		  machine(swarm, node)->name, (long long)jump);
}

static void do_lock(struct swarm *swarm, int node)
{
	const struct node *core = machine(swarm, node)->node;

	if (core && core->state == NODE_UNLOCKED)
		world_lock(swarm->world, node);
	else if (core && core->state == NODE_LOCKED)
		world_unlock(swarm->world, node);
}

static bool is_member(struct swarm *swarm, int node)
{
	const struct node *core = machine(swarm, node)->node;

	return core && core->self_author != NONE;
}

static bool may_invite(struct swarm *swarm, int node)
{
	const struct node *core = machine(swarm, node)->node;

	return is_member(swarm, node) && core->state == NODE_UNLOCKED &&
	       core->set.authors[core->self_author].member &&
	       core->invite_rest <= core->mono;
}

/* A newcomer, through whatever is going on; it may well not get in. */
static void do_join(struct swarm *swarm, int at)
{
	struct world *world = swarm->world;
	char code[32];
	uint32_t inviting;
	int node = world->n_nodes - 1;

	if (!may_invite(swarm, at))
		return;
	if (!machine(swarm, node)->node || is_member(swarm, node)) {
		if (world->n_nodes == WORLD_NODES - 2)
			return;
		node = world_node(world);
	}
	world_invite(world, at, code, &inviting);
	world_join_begin(world, node, at, code);
	world_run(world, below(swarm, 3000));
}

/* Only what the rank allows: who is merely suspended is never equal. */
static void do_revoke(struct swarm *swarm, int by, int target)
{
	const struct node *core = machine(swarm, by)->node;
	uint32_t author;

	if (by == target || !is_member(swarm, by) ||
	    core->state != NODE_UNLOCKED || below(swarm, 3))
		return;
	author = set_author(&core->set, machine(swarm, target)->id);
	if (author == NONE || !core->set.authors[core->self_author].member ||
	    !roster_outranks(&core->roster, core->self_author, author))
		return;
	world_revoke(swarm->world, by, machine(swarm, target)->name);
}

static void do_fault(struct swarm *swarm, enum fault fault)
{
	struct world *world = swarm->world;
	int a = any_node(swarm), b = any_node(swarm);

	switch (fault) {
	case FAULT_RESET:
		if (a != b)
			world_reset(world, a, b);
		break;
	case FAULT_CUT:
		if (a != b && world->cut[a][b])
			world_heal(world, a, b);
		else if (a != b)
			world_cut(world, a, b, below(swarm, 2));
		break;
	case FAULT_KILL:
		do_kill(swarm, a);
		break;
	case FAULT_BACKUP:
		do_backup(swarm, a);
		break;
	case FAULT_CLOCK:
		do_clock(swarm, a);
		break;
	case FAULT_LOCK:
		do_lock(swarm, a);
		break;
	case FAULT_REVOKE:
		do_revoke(swarm, a, b);
		break;
	default:
		do_join(swarm, a);
	}
}

static void do_something(struct swarm *swarm)
{
	int node = any_node(swarm);
	enum fault fault = (enum fault)below(swarm, FAULTS);

	if (!machine(swarm, node)->node) {
		if (below(swarm, 2))
			do_start(swarm, node);
	} else if (is_member(swarm, node)) {
		do_one(swarm, node);
	}
	if (below(swarm, 4) == 0 && swarm->faults[fault])
		do_fault(swarm, fault);
	switch (below(swarm, 8)) {
	case 0:
		world_run(swarm->world, below(swarm, 90000));
		break;
	case 1:
	case 2:
		world_run(swarm->world, below(swarm, 3000));
		break;
	case 3:
	case 4:
		world_run(swarm->world, below(swarm, 100));
		break;
	default:
		break; /* at once */
	}
}

/* --- the end -------------------------------------------------------------------------- */

/* A text of what a node shows: the same everywhere. */
struct view {
	char *text;
	size_t n, cap;
};

static void view_add(struct view *view, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void view_add(struct view *view, const char *format, ...)
{
	va_list args;

	if (view->cap - view->n < 1024) {
		view->cap = 2 * view->cap + 4096;
		view->text = realloc(view->text, view->cap);
		REQUIRE(view->text);
	}
	va_start(args, format);
	view->n += (size_t)vsnprintf(view->text + view->n, view->cap - view->n,
				     format, args);
	va_end(args);
	REQUIRE(view->n < view->cap);
}

static void add_account(struct view *view, const Fob__Account *account)
{
	view_add(view,
		 "%s %s %s trashed %d conflict %d counter %llu "
		 "changed %llu incomplete %d version ",
		 account->issuer, account->account, account->type,
		 account->trashed, account->conflict,
		 (unsigned long long)account->counter,
		 (unsigned long long)account->changed, account->incomplete);
	for (size_t i = 0; i < account->version.len; i++)
		view_add(view, "%02x", account->version.data[i]);
	view_add(view, "\n");
}

static void view_of(struct swarm *swarm, int node, struct view *ret)
{
	const struct world_node *n = machine(swarm, node);
	const Fob__Reply *last = world_list(swarm->world, node, "");

	EXPECT(swarm->world, story_ok(last));
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < n->n_replies; i++)
		for (size_t k = 0; n->replies[i]->id == last->id &&
				   k < n->replies[i]->n_accounts;
		     k++)
			add_account(ret, n->replies[i]->accounts[k]);
	for (unsigned i = 0; i < swarm->n_records; i++) {
		char issuer[32];
		const Fob__Reply *reply;

		issuer_of(i, issuer);
		reply = world_show(swarm->world, node, issuer);
		EXPECT(swarm->world, reply != NULL);
		for (size_t k = 0; reply->shown && k < reply->shown->n_fields;
		     k++) {
			const Fob__FieldValue *f = reply->shown->fields[k];

			view_add(ret, "%s %s = %.*s\n", issuer, f->key,
				 (int)f->value.len,
				 (const char *)f->value.data);
		}
	}
}

/* The first line in which two views differ. */
static void compare_views(struct swarm *swarm, const struct view *a,
			  const struct view *b)
{
	size_t start = 0;

	for (size_t i = 0; i < a->n && i < b->n && a->text[i] == b->text[i];
	     i++)
		if (a->text[i] == '\n')
			start = i + 1;
	if (a->n == b->n && !memcmp(a->text, b->text, a->n))
		return;
	printf("one shows:     %.*s\nanother shows: %.*s\n",
	       (int)strcspn(a->text + start, "\n"), a->text + start,
	       (int)strcspn(b->text + start, "\n"), b->text + start);
	world_failed(swarm->world, "all show the same", __FILE__, __LINE__);
}

/* Fields that somebody was told are set; entries in the trash aside. */
static void check_fields(struct swarm *swarm, int node)
{
	for (size_t i = 0; i < swarm->n_promises; i++) {
		const struct promise *promise = &swarm->promises[i];
		const Fob__Reply *reply;
		char issuer[32], key[32], value[32];

		issuer_of(promise->record, issuer);
		reply = world_list(swarm->world, node, issuer);
		if (!story_ok(reply) || reply->n_accounts == 0)
			continue;
		snprintf(key, sizeof(key), "x-%u", promise->value);
		snprintf(value, sizeof(value), "v%u", promise->value);
		EXPECT(swarm->world,
		       !strcmp(story_field(swarm->world, node, issuer, key),
			       value));
	}
}

static void wake_all(struct swarm *swarm)
{
	world_heal_all(swarm->world);
	for (int i = 0; i < swarm->world->n_nodes; i++) {
		if (!machine(swarm, i)->node)
			world_start(swarm->world, i);
		if (machine(swarm, i)->node->state == NODE_LOCKED)
			world_unlock(swarm->world, i);
	}
}

/* Was the device of that machine put out, as anybody knows? */
static bool is_out(struct swarm *swarm, int node)
{
	for (int i = 0; i < swarm->world->n_nodes; i++) {
		const struct node *core = machine(swarm, i)->node;
		uint32_t author;

		if (!core)
			continue;
		author = set_author(&core->set, machine(swarm, node)->id);
		if (author != NONE && core->set.authors[author].revoke != NONE)
			return true;
	}
	return false;
}

/* Those that never got in, or were put out, may go. */
static void drop_strangers(struct swarm *swarm)
{
	bool out[WORLD_NODES];

	for (int i = 0; i < swarm->world->n_nodes; i++)
		out[i] = !is_member(swarm, i) || is_out(swarm, i);
	for (int i = 0; i < swarm->world->n_nodes; i++)
		if (out[i])
			world_kill(swarm->world, i);
}

static void check_quiet(struct swarm *swarm)
{
	struct world *world = swarm->world;
	unsigned n = (unsigned)world->n_nodes;
	uint64_t pairs = n * (n - 1) / 2;

	/*
	 * After a status of the last change, signs of life alone; a pair that
	 * meets only now has to say hello.
	 */
	world_run(world, 60000);
	world->messages = 0;
	world_run(world, QUIET_MS);
	world_say(world, "%llu messages in ten quiet minutes",
		  (unsigned long long)world->messages);
	EXPECT(world,
	       world->messages <=
		       pairs * (2 * (QUIET_MS / KEEPALIVE_MS + 1) + 4 * n + 8));
}

static void check_all(struct swarm *swarm)
{
	struct world *world = swarm->world;
	struct view first = { 0 }, view;

	wake_all(swarm);
	world_run(world, 60000);
	drop_strangers(swarm);
	EXPECT(world, world_settle(world, HEAL_MS));
	world_check_promises(world);
	for (int i = 0; i < world->n_nodes; i++) {
		if (!machine(swarm, i)->node)
			continue;
		if (machine(swarm, i)->node->state == NODE_LOCKED)
			world_unlock(world, i);
		if (machine(swarm, i)->node->state != NODE_UNLOCKED)
			continue;
		view_of(swarm, i, &view);
		if (first.text)
			compare_views(swarm, &first, &view);
		free(first.text);
		first = view;
		if (!swarm->went_back && !world->revoked)
			check_fields(swarm, i);
	}
	free(first.text);
	EXPECT(world, world_settle(world, HEAL_MS));
	check_quiet(swarm);
}

static void draw_world(struct swarm *swarm)
{
	struct world *world = swarm->world;
	char text[128] = "";
	size_t n = 0;

	world->latency = 1 + below(swarm, 80);
	world->jitter = below(swarm, 2) ? below(swarm, 100) : 0;
	world->sync_ms = below(swarm, 12);
	for (size_t i = 0; i < FAULTS; i++) {
		swarm->faults[i] = below(swarm, 2);
		if (swarm->faults[i])
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %s",
					      fault_names[i]);
	}
	world_say(world, "latency %llu to %llu ms, commits of %llu ms;%s",
		  (unsigned long long)world->latency,
		  (unsigned long long)(world->latency + world->jitter),
		  (unsigned long long)world->sync_ms, n ? text : " no faults");
}

void swarm_run(struct world *world)
{
	struct swarm *swarm = calloc(1, sizeof(*swarm));
	unsigned steps;

	REQUIRE(swarm);
	swarm->world = world;
	swarm->people = &world->people;
	draw_world(swarm);
	story_vault(world, 2 + (int)below(swarm, 3));
	for (int i = 0; i < 3; i++)
		do_add(swarm, 0);
	steps = 20 + (unsigned)below(swarm, 80);
	for (unsigned i = 0; i < steps; i++)
		do_something(swarm);
	check_all(swarm);
	for (int i = 0; i < WORLD_NODES; i++)
		if (swarm->has_backup[i]) {
			disk_deinit(&swarm->backup[i]);
			free(swarm->backup_promised[i].ids);
		}
	free(swarm);
}
