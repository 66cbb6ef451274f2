#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/world_inner.h"

/* In half round trips: TCP's handshake, then the channel's. */
#define MEET_UP_TRIPS 2
#define PEER_UP_TRIPS 4
#define RST_MS 200 /* until a side notices that the other has lost the wire */

static uint64_t trip(struct world *world)
{
	return world->latency + stream_below(&world->net, world->jitter + 1);
}

/* From that side to the other. */
static uint64_t trip_on(struct world *world, const struct world_wire *wire,
			int side)
{
	uint64_t ms = trip(world);
	uint64_t until =
		world->slow_until[wire->node[side]][wire->node[1 - side]];

	return world->now + ms < until ? until - world->now : ms;
}

static bool alive(const struct world *world, const struct world_wire *wire,
		  int side)
{
	const struct world_node *n = &world->nodes[wire->node[side]];

	return !wire->over[side] && n->node && n->boot == wire->boot[side];
}

/* An event for one side, after all that was sent to it. */
static struct world_due *plan(struct world *world, size_t at, int side,
			      enum due_kind kind, uint64_t ms)
{
	struct world_wire *wire = &world->wires[at];
	struct world_due *due;

	if (world->now + ms < wire->last[side])
		ms = wire->last[side] - world->now;
	wire->last[side] = world->now + ms;
	due = world_plan(world, kind, wire->node[side], ms);
	due->boot = wire->boot[side];
	due->wire = at;
	due->side = side;
	return due;
}

static int at_address(const struct world *world, const char *address)
{
	for (int i = 0; i < world->n_nodes; i++)
		if (!strcmp(world->nodes[i].address, address))
			return i;
	return -1;
}

static bool in_use(const struct world *world, const struct world_wire *wire)
{
	return alive(world, wire, 0) || alive(world, wire, 1);
}

/* The oldest that are over are looked at no more: a year has many. */
static void forget_wires(struct world *world)
{
	while (world->first_wire < world->n_wires &&
	       !in_use(world, &world->wires[world->first_wire]))
		world->first_wire++;
}

static struct world_wire *new_wire(struct world *world, size_t *ret_at)
{
	forget_wires(world);
	if (world->n_wires == world->cap_wires) {
		world->cap_wires = 2 * world->cap_wires + 16;
		world->wires = realloc(
			world->wires, world->cap_wires * sizeof(*world->wires));
		REQUIRE(world->wires);
	}
	*ret_at = world->n_wires++;
	memset(&world->wires[*ret_at], 0, sizeof(*world->wires));
	return &world->wires[*ret_at];
}

/* Would the listener's channel take this dialer for whom it wants? */
static bool handshakes(const struct world *world, const struct world_wire *wire,
		       const struct effect *effect)
{
	const struct world_node *from = &world->nodes[wire->node[0]];
	const struct world_node *to = &world->nodes[wire->node[1]];

	if (wire->meet)
		return wire->rescue || to->meets;
	return from->has_keys && to->has_keys &&
	       !memcmp(to->keys.transport_public, effect->remote, KEY_SIZE) &&
	       !memcmp(to->keys.vault_id, from->keys.vault_id, ID_SIZE);
}

void net_dial(struct world *world, int node, const struct effect *effect)
{
	bool meet = effect->type == EFFECT_MEET_DIAL;
	int to = at_address(world, effect->address);
	struct world_wire *wire;
	size_t at;
	uint64_t way = trip(world);

	wire = new_wire(world, &at);
	wire->node[0] = node;
	wire->node[1] = to < 0 ? node : to;
	wire->boot[0] = world->nodes[node].boot;
	wire->conn[0] = effect->conn;
	wire->meet = meet;
	wire->rescue = meet && effect->number == 3;
	wire->over[1] = true;
	if (!world->quiet)
		world_say(world, "%s > %s  %s", world->nodes[node].name,
			  to < 0 ? "nobody" : world->nodes[to].name,
			  wire->rescue ? "dials to recover" :
			  meet	       ? "dials to pair" :
					 "dials");
	if (to < 0 || !world->nodes[to].node) {
		plan(world, at, 0, DUE_DOWN, 2 * way);
	} else if (world->cut[node][to] || world->cut[to][node] ||
		   world->nodes[to].asleep) {
		plan(world, at, 0, DUE_DOWN, HANDSHAKE_MS);
	} else if (!handshakes(world, wire, effect)) {
		plan(world, at, 0, DUE_DOWN, meet ? 2 * way : HANDSHAKE_MS);
	} else {
		uint64_t trips = meet ? MEET_UP_TRIPS : PEER_UP_TRIPS;

		wire->over[1] = false;
		wire->boot[1] = world->nodes[to].boot;
		wire->conn[1] = ++world->nodes[to].next_conn;
		plan(world, at, 0, DUE_UP, trips * way);
		plan(world, at, 1, DUE_UP, (trips + 1) * way);
	}
}

static bool find(const struct world *world, int node, uint32_t conn,
		 size_t *ret_at, int *ret_side)
{
	for (size_t i = world->n_wires; i-- > world->first_wire;) {
		const struct world_wire *wire = &world->wires[i];

		for (int side = 0; side < 2; side++) {
			if (wire->node[side] != node ||
			    wire->conn[side] != conn ||
			    !alive(world, wire, side))
				continue;
			*ret_at = i;
			*ret_side = side;
			return true;
		}
	}
	return false;
}

void net_send(struct world *world, int node, struct effect *effect)
{
	struct world_wire *wire;
	struct world_due *due;
	size_t at;
	int side;

	world_no_canary(world, (struct bytes){ effect->data, effect->data_len },
			"what goes to the network");
	if (!find(world, node, effect->conn, &at, &side))
		return; /* it has just ended; down follows */
	wire = &world->wires[at];
	if (wire->closing[side] || !alive(world, wire, 1 - side))
		return;
	if (wire->lost[1 - side]) {
		world_count(world, TALLY_NET_LOST);
		return;
	}
	if (!wire->meet && world->nodes[node].evil)
		evil_change(world, node, effect);
	if (!wire->meet)
		world_trace_message(world, wire, 1 - side,
				    (struct bytes){ effect->data,
						    effect->data_len });
	else if (!world->quiet)
		world_say(world, "%s > %s  pairs", world->nodes[node].name,
			  world->nodes[wire->node[1 - side]].name);
	due = plan(world, at, 1 - side, DUE_DATA, trip_on(world, wire, side));
	due->data = effect->data;
	due->n = effect->data_len;
	effect->data = NULL;
	effect->data_len = 0;
}

void net_close(struct world *world, int node, uint32_t conn)
{
	struct world_wire *wire;
	size_t at;
	int side;
	uint64_t way;

	if (!find(world, node, conn, &at, &side))
		return;
	wire = &world->wires[at];
	if (wire->closing[side])
		return;
	way = trip(world);
	wire->closing[side] = true;
	if (!wire->lost[1 - side] && alive(world, wire, 1 - side))
		plan(world, at, 1 - side, DUE_DOWN, way);
	/* What still comes is not looked at; the end is told, later. */
	wire->last[side] = world->now;
	plan(world, at, side, DUE_DOWN, 2 * way);
}

bool net_over(const struct world *world, const struct world_due *due)
{
	const struct world_wire *wire = &world->wires[due->wire];

	if (wire->over[due->side])
		return true;
	return due->kind != DUE_DOWN &&
	       (wire->closing[due->side] || wire->lost[due->side]);
}

void net_due(struct world *world, const struct world_due *due)
{
	struct world_wire *wire = &world->wires[due->wire];
	struct event event = world_event(EVENT_PEER_UP);
	const struct world_node *other =
		&world->nodes[wire->node[1 - due->side]];

	event.conn = wire->conn[due->side];
	switch (due->kind) {
	case DUE_UP:
		wire->came_up[due->side] = true;
		event.type = wire->meet ? EVENT_MEET_UP : EVENT_PEER_UP;
		event.rescue = wire->rescue;
		memcpy(event.remote, other->keys.transport_public, KEY_SIZE);
		memset(event.hash, 0xa5, sizeof(event.hash));
		memcpy(event.hash, &due->wire, sizeof(due->wire));
		break;
	case DUE_DATA:
		event.type = wire->meet ? EVENT_MEET_BYTES : EVENT_PEER_MESSAGE;
		event.data = (struct bytes){ due->data, due->n };
		world->nodes[due->node].received += due->n;
		break;
	default:
		event.type = wire->meet ? EVENT_MEET_DOWN : EVENT_PEER_DOWN;
		event.dialed = due->side == 0 && !wire->came_up[0];
		wire->over[due->side] = true;
		/* A side that never heard of it is told nothing. */
		if (due->side == 1 && !wire->came_up[1])
			return;
	}
	world_feed(world, due->node, &event);
}

/* --- what goes wrong -------------------------------------------------------- */

static void break_wire(struct world *world, size_t at, uint64_t ms)
{
	struct world_wire *wire = &world->wires[at];

	wire->lost[0] = wire->lost[1] = true;
	for (int side = 0; side < 2; side++)
		if (alive(world, wire, side)) {
			wire->last[side] = world->now;
			plan(world, at, side, DUE_DOWN, ms);
		}
}

/* Who dials does not wait longer for an answer. */
static void give_up(struct world *world, size_t at)
{
	struct world_wire *wire = &world->wires[at];

	if (!wire->came_up[0] && alive(world, wire, 0))
		plan(world, at, 0, DUE_DOWN, HANDSHAKE_MS);
}

static bool joins(const struct world_wire *wire, int a, int b)
{
	return (wire->node[0] == a && wire->node[1] == b) ||
	       (wire->node[0] == b && wire->node[1] == a);
}

void net_gone(struct world *world, int node)
{
	for (size_t i = world->first_wire; i < world->n_wires; i++) {
		struct world_wire *wire = &world->wires[i];

		for (int side = 0; side < 2; side++)
			if (wire->node[side] == node && !wire->closing[side] &&
			    !wire->lost[1 - side] &&
			    alive(world, wire, 1 - side))
				plan(world, i, 1 - side, DUE_DOWN, trip(world));
	}
	forget_wires(world);
}

void net_asleep(struct world *world, int node)
{
	for (size_t i = world->first_wire; i < world->n_wires; i++) {
		struct world_wire *wire = &world->wires[i];

		for (int side = 0; side < 2; side++)
			if (wire->node[side] == node) {
				wire->lost[0] = wire->lost[1] = true;
				/* Its own side finds out when it wakes. */
				if (alive(world, wire, side))
					plan(world, i, side, DUE_DOWN, RST_MS);
				give_up(world, i);
			}
	}
}

void world_reset(struct world *world, int a, int b)
{
	world_count(world, TALLY_NET_RESET);
	world_say(world, "%s - %s  connections break", world->nodes[a].name,
		  world->nodes[b].name);
	for (size_t i = world->first_wire; i < world->n_wires; i++)
		if (joins(&world->wires[i], a, b) &&
		    in_use(world, &world->wires[i]))
			break_wire(world, i, trip(world));
}

void world_cut(struct world *world, int a, int b, bool reset)
{
	world_say(world, "%s - %s  the network is cut%s", world->nodes[a].name,
		  world->nodes[b].name, reset ? ", and both know" : "");
	world_count(world, reset ? TALLY_NET_CUT_KNOWN : TALLY_NET_CUT);
	world->cut[a][b] = world->cut[b][a] = true;
	for (size_t i = world->first_wire; i < world->n_wires; i++)
		if (joins(&world->wires[i], a, b)) {
			if (reset && in_use(world, &world->wires[i]))
				break_wire(world, i, trip(world));
			world->wires[i].lost[0] = true;
			world->wires[i].lost[1] = true;
			give_up(world, i);
		}
}

void world_cut_one_way(struct world *world, int from, int to)
{
	world_say(world, "%s > %s  what goes this way gets lost",
		  world->nodes[from].name, world->nodes[to].name);
	world_count(world, TALLY_NET_ONE_WAY);
	world->cut[from][to] = true;
	for (size_t i = world->first_wire; i < world->n_wires; i++)
		for (int side = 0; side < 2; side++)
			if (world->wires[i].node[side] == to &&
			    world->wires[i].node[1 - side] == from) {
				world->wires[i].lost[side] = true;
				give_up(world, i);
			}
}

void world_slow(struct world *world, int from, int to, uint64_t ms)
{
	world_say(world, "%s > %s  takes %llu ms", world->nodes[from].name,
		  world->nodes[to].name, (unsigned long long)ms);
	world_count(world, TALLY_NET_DELAY);
	world->slow_until[from][to] = world->now + ms;
}

void world_heal(struct world *world, int a, int b)
{
	if (!world->cut[a][b] && !world->cut[b][a])
		return;
	world_say(world, "%s - %s  the network is whole again",
		  world->nodes[a].name, world->nodes[b].name);
	world->cut[a][b] = world->cut[b][a] = false;
	/* What is sent again now meets nobody who knows of it. */
	for (size_t i = world->first_wire; i < world->n_wires; i++)
		if (joins(&world->wires[i], a, b) &&
		    in_use(world, &world->wires[i]))
			break_wire(world, i, RST_MS);
}

void world_heal_all(struct world *world)
{
	for (int a = 0; a < world->n_nodes; a++)
		for (int b = a + 1; b < world->n_nodes; b++)
			world_heal(world, a, b);
}

bool world_connected(const struct world *world, int a, int b)
{
	for (size_t i = world->first_wire; i < world->n_wires; i++) {
		const struct world_wire *wire = &world->wires[i];

		if (joins(wire, a, b) && !wire->meet && !wire->lost[0] &&
		    !wire->lost[1] && alive(world, wire, 0) &&
		    alive(world, wire, 1) && wire->came_up[0] &&
		    wire->came_up[1])
			return true;
	}
	return false;
}
