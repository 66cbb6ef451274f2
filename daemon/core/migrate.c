#include "daemon/core/migrate.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/change.h"
#include "daemon/core/checklist.h"

#define APART "apart/"

/* A step of the node inside, with entropy of its own. */
struct inside {
	struct event event;
	struct step step;
};

static void inside_init(struct inside *inside, struct step *step,
			struct migration *m, enum event_type type)
{
	inside->event = (struct event){ .type = type,
					.mono = step->event->mono,
					.wall = step->event->wall };
	step_random(step, inside->event.entropy, sizeof(inside->event.entropy));
	inside->step = (struct step){ .node = m->next,
				      .event = &inside->event,
				      .effects = &m->effects };
	m->next->wall = step->node->wall;
	m->next->mono = step->node->mono;
}

static void inside_wipe(struct inside *inside)
{
	sodium_memzero(&inside->event, sizeof(inside->event));
}

/* Rows go into the store beside; all else waits until that is started. */
static void hand_over(struct step *step, struct migration *m)
{
	for (size_t i = 0; i < m->effects.n; i++) {
		struct effect *from = &m->effects.list[i], *to;

		if (from->type != EFFECT_PUT)
			continue;
		to = effects_add(step->effects, EFFECT_NEXT_PUT);
		if (step->effects->failed)
			break;
		*to = *from;
		to->type = EFFECT_NEXT_PUT;
		from->data = NULL;
		from->data_len = 0;
	}
	if (m->effects.failed)
		step->effects->failed = true;
	effects_clear(&m->effects);
}

/* --- the vault ------------------------------------------------------------- */

/* The same names, and this device as the only reader. */
static int make_groups(const struct node *old, struct step *step,
		       struct migration *m)
{
	int r = 0;

	m->groups[0] = 0;
	for (uint32_t i = 0; i < old->roster.n_groups && r == 0; i++) {
		uint32_t group = old->roster.groups[i].group;
		char name[TEXT_MAX + 1];

		if (group == 0 ||
		    !roster_reads(&old->roster, group, old->self_author))
			continue;
		account_group(old, group, name);
		r = group_make(step, name, &m->groups[group]);
	}
	return r;
}

static int make_vault(struct step *step, struct migration *m,
		      const struct kit *kit)
{
	struct node *old = step->node;
	CLEANUP(inside_wipe) struct inside inside;
	int r;

	inside_init(&inside, step, m, EVENT_START);
	r = node_step(m->next, &inside.event, &m->effects);
	inside_wipe(&inside);
	inside_init(&inside, step, m, EVENT_TIMER);
	if (r == 0)
		r = vault_make(&inside.step, old->name, kit, old->unlock_key);
	if (r == 0)
		r = make_groups(old, &inside.step, m);
	if (r == 0)
		vault_slots_copy(&inside.step, old);
	hand_over(step, m);
	return r;
}

static struct migration *migration_new(const struct node *node,
				       const struct call *call)
{
	struct migration *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->conn = call->conn;
	m->call = call->number;
	m->seen = node->set.n_held;
	m->next = node_new(&node->config);
	m->groups = malloc((node->set.n_groups + 1u) * sizeof(*m->groups));
	for (uint32_t i = 0; m->groups && i < node->set.n_groups; i++)
		m->groups[i] = NONE;
	return m;
}

int migration_begin(struct step *step, const struct call *call,
		    const struct kit *kit)
{
	struct node *node = step->node;
	int r = -ENOMEM;

	REQUIRE(!node->migration && node_may_read(node));
	node->migration = migration_new(node, call);
	if (node->migration && node->migration->next && node->migration->groups)
		r = make_vault(step, node->migration, kit);
	if (r)
		migration_drop(step);
	return r;
}

/* --- entries --------------------------------------------------------------- */

/* A rule that names a group names the new one. */
static int rename_apart(const struct node *old, const struct migration *m,
			struct record *record, const char *key)
{
	static const uint8_t yes[] = { '1' };
	const struct set_group_id *to;
	uint8_t id[GROUP_ID_SIZE];
	char name[sizeof(APART) + TEXT_HEX_SIZE(GROUP_ID_SIZE)];
	size_t n = 0;
	uint32_t group;
	int r;

	if (text_hex_decode(id, sizeof(id), text_of(key + sizeof(APART) - 1),
			    &n) ||
	    n != sizeof(id))
		return 0; /* it names a record */
	group = set_group(&old->set, id);
	if (group == NONE || group == 0 || m->groups[group] == NONE)
		return 0;
	to = &m->next->set.groups[m->groups[group]];
	memcpy(name, APART, sizeof(APART) - 1);
	text_hex_encode(name + sizeof(APART) - 1, TEXT_HEX_SIZE(GROUP_ID_SIZE),
			BYTES(to->id));
	r = record_set(record, name, BYTES(yes), change_stamp(m->next, record));
	if (r == 0)
		r = record_unset(record, key, change_stamp(m->next, record));
	return r > 0 ? 0 : r;
}

static int rename_aparts(const struct node *old, const struct migration *m,
			 struct record *record)
{
	char keys[FIELDS_MAX][sizeof(APART) + TEXT_HEX_SIZE(GROUP_ID_SIZE)];
	size_t n = 0;
	int r = 0;

	/* The list changes under us, so the names are taken first. */
	for (size_t i = 0; i < record->plain->n_fields; i++) {
		const Fob__Field *field = record->plain->fields[i];

		if (strncmp(field->key, APART, sizeof(APART) - 1) != 0 ||
		    field->unset || strlen(field->key) >= sizeof(keys[0]))
			continue;
		memcpy(keys[n++], field->key, strlen(field->key) + 1);
	}
	for (size_t i = 0; i < n && r == 0; i++)
		r = rename_apart(old, m, record, keys[i]);
	return r;
}

/* The new vault knows nothing of devices that are gone: a tag has to do. */
static int mark_owed(const struct node *old, const struct migration *m,
		     struct record *record, uint32_t index)
{
	static const uint8_t yes[] = { '1' };
	const struct vault_entry *entry = vault_find(&old->vault, index);
	int r;

	if (!entry || !checklist_open(old, entry))
		return 0;
	r = record_set(record, "tag/rotate", BYTES(yes),
		       change_stamp(m->next, record));
	return r > 0 ? 0 : r; /* it is full: the report counts it */
}

static int carry_opened(struct step *step, struct migration *m, uint32_t index,
			struct record *record)
{
	const struct set_record *from = &step->node->set.records[index];
	struct entry_write what = { .group = m->groups[from->group] };
	CLEANUP(inside_wipe) struct inside inside;
	uint32_t item;
	int r;

	inside_init(&inside, step, m, EVENT_TIMER);
	memcpy(what.record, from->id, sizeof(what.record));
	r = rename_aparts(step->node, m, record);
	if (r == 0)
		r = mark_owed(step->node, m, record, index);
	if (r == 0)
		r = write_entry(&inside.step, &what, record, &item);
	hand_over(step, m);
	m->carried++;
	return r > 0 ? r + 16 : r;
}

int migration_carry(struct step *step, struct call *call, uint32_t record)
{
	struct migration *m = step->node->migration;
	uint32_t group = step->node->set.records[record].group;
	AUTO_OPENED struct opened opened = { 0 };
	int r;

	if (m->groups[group] == NONE)
		return 0;
	r = call_open(step, call, record, &opened);
	if (r)
		return r;
	call_cache_clear(call);
	return opened.valid ? carry_opened(step, m, record, &opened.record) : 0;
}

bool migration_stale(const struct node *node)
{
	return node->set.n_held != node->migration->seen;
}

/* --- the end --------------------------------------------------------------- */

void migration_ended(struct step *step)
{
	struct migration *m = step->node->migration;

	if (!m)
		return;
	m->told = true;
	m->error = step->event->token;
}

void migration_free(struct node *node)
{
	struct migration *m = node->migration;

	if (!m)
		return;
	node_free(m->next);
	effects_deinit(&m->effects);
	free(m->groups);
	free(m);
	node->migration = NULL;
}

void migration_drop(struct step *step)
{
	effects_add(step->effects, EFFECT_NEXT_DROP);
	migration_free(step->node);
}

void migration_client_gone(struct step *step)
{
	struct migration *m = step->node->migration;

	/* What has been told to end is the vault from the next start on. */
	if (m && m->conn == step->event->conn && !m->told)
		migration_drop(step);
}
