/* What people do, in no hurry to see whether it worked. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/swarm.h"

void issuer_of(unsigned record, char ret[static 32])
{
	snprintf(ret, 32, "site-%03u", record);
}

void people_add(struct swarm *swarm, int node)
{
	char issuer[32];

	if (swarm->n_records == SWARM_RECORDS)
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

	if (swarm->n_promises == SWARM_FIELDS)
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

void people_step(struct swarm *swarm, int node)
{
	unsigned record = (unsigned)below(swarm, swarm->n_records);
	char issuer[32];

	if (!is_awake(swarm, node))
		return;
	issuer_of(record, issuer);
	switch (below(swarm, 12)) {
	case 0:
	case 1:
		people_add(swarm, node);
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
