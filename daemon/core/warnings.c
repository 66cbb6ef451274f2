#include "daemon/core/warnings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/clock.h"
#include "daemon/core/saying.h"
#include "daemon/core/view/doctor.h"

/* A list that is being filled, and whether memory ran out. */
struct gathering {
	const struct node *node;
	struct warnings *to;
	bool failed;
};

__attribute__((format(printf, 2, 3))) static void tell(struct gathering *g,
						       const char *format, ...)
{
	char text[1024], *copy;
	va_list args;

	if (g->to->n == WARNINGS_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	copy = malloc(strlen(text) + 1);
	if (!copy) {
		g->failed = true;
		return;
	}
	memcpy(copy, text, strlen(text) + 1);
	g->to->list[g->to->n++] = copy;
}

void warnings_deinit(struct warnings *warnings)
{
	for (size_t i = 0; i < warnings->n; i++)
		free(warnings->list[i]);
	warnings->n = 0;
}

/* --- the vault ------------------------------------------------------------- */

static bool is_poisoned(const struct node *node)
{
	for (uint32_t i = 0; i < node->roster.n_groups; i++)
		if (keyring_poisoned(&node->keyring,
				     node->roster.groups[i].group))
			return true;
	return false;
}

static void about_self(struct gathering *g)
{
	const struct node *node = g->node;
	struct saying revoked = { .n = 0 };

	if (node->self_author == NONE || node->state == NODE_EMPTY ||
	    node->set.authors[node->self_author].member)
		return;
	call_revoked_text(node, &revoked);
	tell(g, "%s", revoked.text);
}

static void about_vault(struct gathering *g)
{
	const struct node *node = g->node;
	size_t lost = compact_lost(node);

	if (node->set.frozen)
		tell(g, "the recovery kit was replaced twice at once, so none "
			"can recover this vault: fob migrate makes a new one");
	if (is_poisoned(node))
		tell(g, "a device made a key that not all can open: it is "
			"replaced, but see fob doctor");
	if (lost)
		tell(g,
		     "the content of %zu versions of entries is on no device "
		     "that was asked: see fob doctor",
		     lost);
	if (gap_fresh(node))
		tell(g, "membership is incomplete: something that other "
			"devices know has not come here yet");
}

static void about_machine(struct gathering *g)
{
	const struct node *node = g->node;
	bool known;
	int64_t offset = node_clock_offset(node, &known);

	if (known && (offset > CLOCK_ALARM_MS || offset < -CLOCK_ALARM_MS))
		tell(g,
		     "the clock here is %lld ms %s that of the other devices: "
		     "set it, or codes may be wrong",
		     (long long)(offset < 0 ? -offset : offset),
		     offset < 0 ? "behind" : "ahead of");
	if (node->config.synced)
		tell(g, "the vault lies in a folder that another program keeps "
			"equal on several machines, which damages it: move it, "
			"with --vault");
	if (node->n_damaged)
		tell(g,
		     "items were damaged on this disk and are asked of other "
		     "devices again (%u since fobd started): look after the "
		     "disk",
		     node->n_damaged);
	if (node->sync.full)
		tell(g, "the store is full: new entries are not taken in from "
			"other devices");
}

/* --- devices --------------------------------------------------------------- */

/* Whole days since it was last heard of, 0 when it is here. */
static uint64_t silence(const struct node *node, uint32_t author)
{
	const struct device_status *status =
		statuses_find(&node->statuses, author);
	/* sync_peer_of() only looks. */
	const struct sync_peer *peer =
		sync_peer_of((struct sync *)(uintptr_t)&node->sync, author);
	uint64_t now = node->wall > 0 ? (uint64_t)node->wall : 0;

	if (author == node->self_author || (peer && peer->up) || !status ||
	    status->time >= now)
		return 0;
	return (now - status->time) / DAY_MS;
}

static void about_device(struct gathering *g, uint32_t author)
{
	const struct node *node = g->node;
	const char *name = node_device_name(node, author);
	const struct sync_peer *peer =
		sync_peer_of((struct sync *)(uintptr_t)&node->sync, author);
	uint64_t days = silence(node, author);

	if (node->roster.devices[author].suspended)
		tell(g,
		     "%s is suspended, and that is not settled: see fob doctor",
		     name);
	if (node->set.authors[author].forked)
		tell(g,
		     "%s runs from a copy (a restored backup, a clone, or a "
		     "stolen key): nothing is lost, but find out which",
		     name);
	if (peer && peer->up && peer->unequal)
		tell(g,
		     "%s and this device hold different sets after a complete "
		     "comparison: it withholds something, or is full",
		     name);
	if (days >= DOCTOR_SILENT_DAYS)
		tell(g, "%s was not heard of for %llu days", name,
		     (unsigned long long)days);
}

int warnings_gather(const struct node *node, struct warnings *ret)
{
	struct gathering g = { .node = node, .to = ret };

	about_self(&g);
	about_vault(&g);
	for (uint32_t i = 0; i < node->set.n_authors; i++)
		if (node->set.authors[i].member)
			about_device(&g, i);
	about_machine(&g);
	return g.failed ? -ENOMEM : 0;
}
