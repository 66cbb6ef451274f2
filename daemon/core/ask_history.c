/* The versions of one entry, the newest first. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/history.h"

void history_deinit(struct history *history)
{
	free(history->list);
}

/* --- which there are ------------------------------------------------------- */

static int by_arrival(const void *a, const void *b)
{
	const struct version *x = a, *y = b;

	return (x->item < y->item) - (x->item > y->item);
}

static int collect(const struct node *node, uint32_t record,
		   struct history *ret)
{
	const struct set_record *all = &node->set.records[record];

	ret->list = calloc((size_t)all->n_items + 1, sizeof(*ret->list));
	if (!ret->list)
		return -ENOMEM;
	for (uint32_t item = all->last; item != NONE;
	     item = node->set.items[item].next)
		if (account_version(node, item))
			ret->list[ret->n++].item = item;
	/* More than we show: those that came last. */
	qsort(ret->list, ret->n, sizeof(*ret->list), by_arrival);
	ret->n = size_min(ret->n, HISTORY_MAX);
	return 0;
}

static void mark_current(const struct node *node, uint32_t record,
			 struct history *history)
{
	struct record_versions versions;

	record_current(&node->set, &node->roster, record, &versions);
	for (size_t i = 0; i < history->n; i++)
		for (size_t k = 0; k < versions.n; k++)
			if (history->list[i].item == versions.items[k])
				history->list[i].current = true;
}

/* --- when they were written ------------------------------------------------ */

static const struct cached *cached_of(const struct call *call, uint32_t item)
{
	for (size_t i = 0; i < call->n_cache; i++)
		if (call->cache[i].item == item)
			return &call->cache[i];
	return NULL;
}

/* The index does not know the time of an item: its head does. */
static int read_time(const struct node *node, const struct cached *cached,
		     uint64_t *ret)
{
	AUTO_ITEM struct item item = { 0 };
	struct item_row row;
	int r;

	*ret = 0;
	if (!item_row_parse((struct bytes){ cached->row, cached->row_len },
			    &row))
		return 0;
	r = item_parse(&item, node->set.vault_id, row.body, row.signature,
		       (struct bytes){ NULL, 0 });
	if (r == 0)
		*ret = item.head->time;
	return r < 0 ? r : 0;
}

int history_load(struct step *step, struct call *call, struct history *history)
{
	bool load = false;

	for (size_t i = 0; i < history->n; i++) {
		struct version *version = &history->list[i];
		const struct cached *cached = cached_of(call, version->item);
		AUTO_RECORD struct record record = { 0 };
		int r;

		if (cached)
			r = read_time(step->node, cached, &version->time);
		else
			r = call_open_item(step, call, version->item, &record);
		if (r < 0)
			return r;
		load = load || r == CALL_LOAD;
	}
	return load ? CALL_LOAD : 0;
}

/* qsort knows no context, and ids are compared: so by hand, stable. */
static void sort_by_time(const struct set *set, struct history *history)
{
	struct version *list = history->list;

	for (size_t i = 1; i < history->n; i++) {
		struct version version = list[i];
		size_t at = i;

		while (at > 0 &&
		       (list[at - 1].time < version.time ||
			(list[at - 1].time == version.time &&
			 memcmp(set->items[list[at - 1].item].id,
				set->items[version.item].id, ID_SIZE) > 0))) {
			list[at] = list[at - 1];
			at--;
		}
		list[at] = version;
	}
}

static int read_history(struct step *step, struct call *call, uint32_t record,
			struct history *ret)
{
	int r = collect(step->node, record, ret);

	if (r == 0)
		r = history_load(step, call, ret);
	if (r != 0)
		return r;
	mark_current(step->node, record, ret);
	sort_by_time(&step->node->set, ret);
	return 0;
}

/* --- telling of one -------------------------------------------------------- */

/* What a version says, with what it points to. */
struct told {
	Fob__Version message;
	Fob__Account account;
	char issuer[TEXT_MAX + 1], name[TEXT_MAX + 1];
	Fob__FieldValue fields[FIELDS_MAX], *list[FIELDS_MAX];
	ProtobufCBinaryData vids[LIVE_MAX];
};

static char *copy_text(char ret[static TEXT_MAX + 1], struct bytes text)
{
	size_t n = size_min(text.n, TEXT_MAX);

	if (n > 0)
		memcpy(ret, text.p, n);
	ret[n] = '\0';
	return ret;
}

static void tell_account(struct told *told, const struct record *record)
{
	Fob__Account *account = &told->account;
	Fob__OtpValue *live[LIVE_MAX];
	size_t n = record_live(record, live);

	fob__account__init(account);
	account->issuer =
		copy_text(told->issuer, record_text(record, "issuer"));
	account->account =
		copy_text(told->name, record_text(record, "account"));
	account->conflict = n > 1;
	account->created = record->plain->created;
	account->changed = record->changed;
	account->trashed = record->tombstone;
	account->type = (char *)(uintptr_t)account_type(
		n > 0 ? live[0]->type : FOB__OTP_TYPE__OTP_NONE);
	told->message.account = account;
	if (n == 0)
		return;
	account->algorithm =
		(char *)(uintptr_t)account_algorithm(live[0]->algorithm);
	account->digits = live[0]->digits;
	account->period = live[0]->period;
	account->counter = live[0]->counter;
}

static void tell_content(struct told *told, const struct record *record)
{
	Fob__OtpValue *live[LIVE_MAX];
	Fob__Version *message = &told->message;

	message->readable = true;
	message->tombstone = record->tombstone;
	message->n_fields =
		account_fields(record, false, told->fields, told->list);
	message->fields = told->list;
	message->n_vids = record_live(record, live);
	for (size_t i = 0; i < message->n_vids; i++)
		told->vids[i] = live[i]->vid;
	message->vids = told->vids;
	tell_account(told, record);
}

int history_tell(struct step *step, struct call *call,
		 const struct version *version, bool more)
{
	const struct set_item *item = &step->node->set.items[version->item];
	AUTO_FREE struct told *told = calloc(1, sizeof(*told));
	AUTO_RECORD struct record record = { 0 };
	Fob__Reply reply;
	Fob__Version *list[1];
	int r;

	fob__reply__init(&reply);
	if (!told)
		return -ENOMEM;
	fob__version__init(&told->message);
	told->message.id.data = (uint8_t *)(uintptr_t)item->id;
	told->message.id.len = ID_SIZE;
	told->message.time = version->time;
	told->message.current = version->current;
	if (version->why)
		told->message.why = (char *)(uintptr_t)version->why;
	told->message.device =
		(char *)(uintptr_t)node_device_name(step->node, item->author);
	r = call_open_item(step, call, version->item, &record);
	if (r < 0 || r == CALL_LOAD)
		return r;
	if (r == 0)
		tell_content(told, &record);
	list[0] = &told->message;
	reply.versions = list;
	reply.n_versions = 1;
	reply.more = more;
	return call_reply(step, call, &reply);
}

int ask_history(struct step *step, struct call *call)
{
	CLEANUP(history_deinit) struct history history = { 0 };
	const struct vault_entry *entry;
	int r = account_find_text(step, call, call->request->history->query,
				  &entry);

	if (r == 0)
		r = read_history(step, call, entry->record, &history);
	if (r != 0)
		return account_end(r);
	for (size_t i = 0; r == 0 && i < history.n; i++)
		r = history_tell(step, call, &history.list[i],
				 i + 1 < history.n);
	if (r == 0 && history.n == 0)
		r = call_ok(step, call);
	return r;
}
