/* New keys in the place of a device's old ones: the items that say so. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/reset.h"

static ProtobufCBinaryData binary(const uint8_t *p, size_t n)
{
	return (ProtobufCBinaryData){ n, (uint8_t *)(uintptr_t)p };
}

static int replace_head(struct step *step, const struct replacement *what,
			Fob__Head *head)
{
	uint32_t index;

	if (what->kit)
		return write_by_kit(step, head, what->kit, &index);
	return write_head(step, head, (struct bytes){ NULL, 0 }, &index);
}

static int replace_add(struct step *step, const struct replacement *what)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Add add = FOB__ADD__INIT;

	add.device = (Fob__Certificate *)(uintptr_t)what->device;
	add.role = FOB__ROLE__DEVICE;
	add.ordinal = what->ordinal;
	add.join_sig = binary(what->join_sig, SIGNATURE_SIZE);
	head.kind = FOB__KIND__ADD;
	head.add = &add;
	return replace_head(step, what, &head);
}

/* --- groups ----------------------------------------------------------------- */

static bool replace_reads(const struct node *node,
			  const struct replacement *what, uint32_t group)
{
	return what->kit ||
	       roster_reads(&node->roster, group, node->self_author);
}

static int replace_reader(struct step *step, const struct replacement *what,
			  uint32_t group, const uint8_t *device)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Group payload = FOB__GROUP__INIT;
	ProtobufCBinaryData reader = binary(device, DEVICE_ID_SIZE);
	uint8_t id[GROUP_ID_SIZE];

	memcpy(id, step->node->set.groups[group].id, sizeof(id));
	payload.group = binary(id, sizeof(id));
	payload.n_add = 1;
	payload.add = &reader;
	head.kind = FOB__KIND__GROUP;
	head.group = &payload;
	return replace_head(step, what, &head);
}

static int replace_readers(struct step *step, const struct replacement *what,
			   const uint8_t *device)
{
	struct node *node = step->node;
	uint32_t n = 0;
	AUTO_FREE uint32_t *groups =
		calloc(node->roster.n_groups + 1, sizeof(*groups));
	int r = 0;

	if (!groups)
		return -ENOMEM;
	/* Each item makes the roster anew, so they are named before. */
	for (uint32_t i = 1; i < node->roster.n_groups; i++) {
		uint32_t group = node->roster.groups[i].group;

		if (roster_reads(&node->roster, group, what->old) &&
		    replace_reads(node, what, group))
			groups[n++] = group;
	}
	for (uint32_t i = 0; i < n && r == 0; i++)
		r = replace_reader(step, what, groups[i], device);
	return r;
}

static bool replace_others(const struct node *node, uint32_t group,
			   uint32_t old)
{
	for (uint32_t i = 0; i < node->set.n_authors; i++)
		if (i != old && roster_reads(&node->roster, group, i))
			return true;
	return false;
}

size_t replace_alone(const struct node *node, uint32_t old)
{
	size_t n = 0;

	for (uint32_t i = 1; i < node->roster.n_groups; i++) {
		uint32_t group = node->roster.groups[i].group;

		n += roster_reads(&node->roster, group, old) &&
		     !replace_others(node, group, old);
	}
	return n;
}

size_t replace_beyond(const struct node *node, uint32_t old)
{
	size_t n = 0;

	for (uint32_t i = 1; i < node->roster.n_groups; i++) {
		uint32_t group = node->roster.groups[i].group;

		n += roster_reads(&node->roster, group, old) &&
		     !roster_reads(&node->roster, group, node->self_author);
	}
	return n;
}

/* --- all of it -------------------------------------------------------------- */

int replace_write(struct step *step, const struct replacement *what,
		  uint32_t *ret_author)
{
	struct node *node = step->node;
	uint8_t id[DEVICE_ID_SIZE];
	int r = replace_add(step, what);

	if (r)
		return r;
	item_device_id(id, what->device);
	r = replace_readers(step, what, id);
	if (r == 0)
		r = revoke_replaced(step, what->old, what->kit);
	*ret_author = set_author(&node->set, id);
	/* Half of it is on its way to the disk: the node starts again. */
	return r > 0 || *ret_author == NONE ? -EPROTO : r;
}
