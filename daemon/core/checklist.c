#include "daemon/core/checklist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/change.h"
#include "daemon/core/trust/bits.h"

static uint64_t time_of(const struct node *node, uint32_t item)
{
	const struct item *head = set_head(&node->set, item);

	if (!head)
		return 0;
	return head->head->time ? head->head->time : 1;
}

/* When the device was put out or aside, ms since 1970; 0: it was not. */
static uint64_t lost_at(const struct node *node, uint32_t device)
{
	const struct set_author *author = &node->set.authors[device];
	const struct item *revoke;

	if (author->role != FOB__ROLE__DEVICE)
		return 0;
	if (author->revoke == NONE)
		return author->member &&
				       node->roster.devices[device].suspended ?
			       time_of(node,
				       node->roster.devices[device].suspend) :
			       0;
	revoke = set_head(&node->set, author->revoke);
	/* New keys of a device that is still here have lost nothing. */
	if (!revoke || revoke->head->revoke->reason != 0)
		return 0;
	return time_of(node, author->revoke);
}

/* Did it ever read the group? Of main all devices do. */
static bool could_read(const struct node *node, uint32_t device, uint32_t group)
{
	const struct roster_group *found = roster_group(&node->roster, group);

	return group == 0 || !found || bits_get(found->admitted, device);
}

bool checklist_owes(const struct node *node, uint32_t device,
		    const struct vault_entry *entry)
{
	uint64_t lost = lost_at(node, device);
	/* What has no seed is as old as the entry. */
	uint64_t since = entry->n_seeds ? entry->seeded : entry->created;

	return lost && !entry->trashed && since <= lost &&
	       entry->rotated < lost && could_read(node, device, entry->group);
}

bool checklist_open(const struct node *node, const struct vault_entry *entry)
{
	for (uint32_t i = 0; i < node->set.n_authors; i++)
		if (checklist_owes(node, i, entry))
			return true;
	return false;
}

size_t checklist_list(const struct node *node, uint32_t device, uint32_t *ret,
		      size_t max)
{
	size_t n = 0;

	for (uint32_t i = 0; i < node->vault.n; i++) {
		const struct vault_entry *entry = &node->vault.entries[i];

		if (device == NONE ? !checklist_open(node, entry) :
				     !checklist_owes(node, device, entry))
			continue;
		if (n < max)
			ret[n] = i;
		n++;
	}
	return n;
}

/* --- what clients ask --------------------------------------------------------- */

static int rotate_list(struct step *step, struct call *call)
{
	struct node *node = step->node;
	AUTO_FREE uint32_t *list = malloc((node->vault.n + 1) * sizeof(*list));
	size_t n;

	if (!list)
		return -ENOMEM;
	n = checklist_list(node, NONE, list, node->vault.n);
	return account_end(account_reply(step, call, list, n));
}

static int rotate_done(struct step *step, struct call *call)
{
	static const uint8_t yes[] = { '1' };
	const struct vault_entry *entry = NULL;
	AUTO_OPENED struct opened opened = { 0 };
	int r;

	r = account_find_text(step, call, call->request->rotate->query, &entry);
	if (r == 0)
		r = change_open(step, call, entry, (ProtobufCBinaryData){ 0 },
				&opened);
	if (r == 0)
		r = record_set(&opened.record, "rotated", BYTES(yes),
			       change_stamp(step->node, &opened.record));
	if (r == 0)
		r = change_write(step, call, entry, &opened);
	return account_end(r == 0 ? call_ok(step, call) : r);
}

int ask_rotate(struct step *step, struct call *call)
{
	const Fob__RotateAsk *ask = call->request->rotate;

	if (!strcmp(ask->op, "done"))
		return rotate_done(step, call);
	return rotate_list(step, call);
}
