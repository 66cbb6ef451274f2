/* A device in the vault lets a new one in. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/meet.h"
#include "proto/text.h"

enum { REFUSE_NO = 1, REFUSE_MANY, REFUSE_ROLE, REFUSE_CANNOT };

void invite_free(struct invite *invite)
{
	if (!invite)
		return;
	for (size_t i = 0; i < INVITE_SLOTS; i++) {
		if (invite->meetings[i].pairing)
			pairing_deinit(invite->meetings[i].pairing);
		secret_free(invite->meetings[i].pairing);
	}
	if (invite->ask)
		fob__pair_ask__free_unpacked(invite->ask, NULL);
	secret_free(invite);
}

void invite_end(struct step *step)
{
	struct node *node = step->node;

	if (!node->invite)
		return;
	for (size_t i = 0; i < INVITE_SLOTS; i++)
		meeting_close(step, &node->invite->meetings[i]);
	invite_free(node->invite);
	node->invite = NULL;
	effects_add(step->effects, EFFECT_MEET_LISTEN)->number = 0;
}

static struct call *invite_call(struct node *node)
{
	struct call *call =
		node->invite->call ? call_find(node, node->invite->call) : NULL;

	return call;
}

/* The last word to the client: its call ends with it. */
int invite_tell(struct step *step, enum status status, const char *text)
{
	struct call *call = invite_call(step->node);
	int r;

	if (!call)
		return 0;
	r = call_fail(step, call, status, "%s", text);
	call->stage = 2; /* ends when it is run again */
	return r;
}

static int invite_refuse(struct step *step, struct meeting *meeting,
			 uint32_t reason)
{
	Fob__PairMessage message = FOB__PAIR_MESSAGE__INIT;
	Fob__PairRefuse refuse = FOB__PAIR_REFUSE__INIT;
	int r;

	refuse.reason = reason;
	message.refuse = &refuse;
	r = meeting_say(step, meeting, &message);
	invite_end(step);
	return r;
}

int invite_up(struct step *step)
{
	struct node *node = step->node;
	struct invite *invite = node->invite;
	struct pairing_params params = { .joiner = false };
	struct meeting *free_one = NULL;

	for (size_t i = 0; invite && i < INVITE_SLOTS; i++)
		if (!invite->meetings[i].conn)
			free_one = &invite->meetings[i];
	if (!invite || !free_one || invite->guest ||
	    invite->connections == INVITE_CONNECTIONS) {
		effects_add(step->effects, EFFECT_CLOSE)->conn =
			step->event->conn;
		return 0;
	}
	invite->connections++;
	params.mode = invite->mode;
	params.code = invite->code;
	return meeting_open(step, free_one, step->event->conn, &params);
}

/* --- the newcomer's question --------------------------------------------------------- */

static bool invite_name_taken(const struct node *node, const char *name)
{
	for (uint32_t i = 0; i < node->set.n_authors; i++)
		if (node->set.authors[i].member &&
		    !strcmp(node_device_name(node, i), name))
			return true;
	return false;
}

/* How much of a name fits, without a cut inside of a character. */
static int name_room(const char *name, size_t room)
{
	size_t n = strlen(name);

	if (n <= room)
		return (int)n;
	n = room;
	while (n > 0 && ((uint8_t)name[n] & 0xc0) == 0x80)
		n--;
	return (int)n;
}

/* "laptop", "laptop-2", ...: the first that no member has. */
static void invite_name(const struct node *node, const char *asked,
			char ret[static DEVICE_NAME_MAX + 1])
{
	const char *base = asked[0] ? asked : "device";

	snprintf(ret, DEVICE_NAME_MAX + 1, "%s", base);
	for (unsigned i = 2; invite_name_taken(node, ret) && i < 1000; i++)
		snprintf(ret, DEVICE_NAME_MAX + 1, "%.*s-%u",
			 name_room(base, DEVICE_NAME_MAX - 4), base, i);
}

static bool invite_ask_good(const Fob__PairAsk *ask)
{
	struct bytes name = text_of(ask->name);
	const Fob__Certificate *c = ask->device;

	return name.n <= DEVICE_NAME_MAX && text_line(name) && c &&
	       c->sign.len == KEY_SIZE && c->status.len == KEY_SIZE &&
	       c->wrap.len == KEY_SIZE && c->transport.len == KEY_SIZE;
}

/* The rank that the newcomer gets: ours, and our next ordinal. */
static struct rank invite_rank(const struct node *node, uint32_t ordinal)
{
	struct rank rank = node->set.authors[node->self_author].rank;

	if (rank.depth < PATH_MAX_DEPTH) {
		rank.path[rank.depth].ordinal = ordinal;
		memset(rank.path[rank.depth].add, 0, ID_SIZE);
		rank.depth++;
	}
	return rank;
}

static void invite_can_revoke(const struct node *node, uint32_t ordinal,
			      char ret[static 256])
{
	struct rank rank = invite_rank(node, ordinal);
	size_t n = 0;

	ret[0] = 0;
	for (uint32_t i = 0; i < node->set.n_authors && n < 200; i++)
		if (node->set.authors[i].member &&
		    rank_compare(&rank, &node->set.authors[i].rank) < 0)
			n += (size_t)snprintf(ret + n, 256 - n, "%s%s",
					      n ? ", " : "",
					      node_device_name(node, i));
	if (!n)
		snprintf(ret, 256, "no device");
}

static int invite_show(struct step *step, struct call *call)
{
	struct node *node = step->node;
	struct invite *invite = node->invite;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Newcomer newcomer = FOB__NEWCOMER__INIT;
	char name[DEVICE_NAME_MAX + 1], revoke[256], role[8];
	char words[PAIRING_WORDS_SIZE], *list[1] = { words };
	uint8_t id[DEVICE_ID_SIZE];

	invite_name(node, invite->ask->name, name);
	invite_can_revoke(node, invite->ordinal, revoke);
	pairing_words(invite->guest->hash, words);
	snprintf(role, sizeof(role), "%s",
		 invite->keeper ? "keeper" : "device");
	item_device_id(id, invite->ask->device);
	newcomer.name = name;
	newcomer.can_revoke = revoke;
	newcomer.role = role;
	newcomer.n_words = 1;
	newcomer.words = list;
	newcomer.device = (ProtobufCBinaryData){ sizeof(id), id };
	reply.more = true;
	reply.newcomer = &newcomer;
	invite->stage = INVITE_ASKED;
	return call_reply(step, call, &reply);
}

static ProtobufCBinaryData binary(const uint8_t *p, size_t n)
{
	union {
		const uint8_t *in;
		uint8_t *out;
	} u = { .in = p };

	return (ProtobufCBinaryData){ n, u.out };
}

static void invite_item(const struct item *item, Fob__Item *ret)
{
	fob__item__init(ret);
	ret->body = binary(item->body, item->body_len);
	ret->signature = binary(item->signature, SIGNATURE_SIZE);
}

static int invite_offer(struct step *step)
{
	struct node *node = step->node;
	struct invite *invite = node->invite;
	const struct rank *rank = &node->set.authors[node->self_author].rank;
	Fob__PairMessage message = FOB__PAIR_MESSAGE__INIT;
	Fob__PairOffer offer = FOB__PAIR_OFFER__INIT;
	Fob__Item genesis, items[PATH_MAX_DEPTH], *list[PATH_MAX_DEPTH];
	char name[DEVICE_NAME_MAX + 1];

	invite_item(set_head(&node->set,
			     set_find(&node->set, node->set.vault_id)),
		    &genesis);
	for (size_t i = 0; i < rank->depth; i++) {
		uint32_t add = set_find(&node->set, rank->path[i].add);

		if (add == NONE || !set_head(&node->set, add) ||
		    !memcmp(rank->path[i].add, node->set.vault_id, ID_SIZE))
			continue;
		invite_item(set_head(&node->set, add), &items[offer.n_chain]);
		list[offer.n_chain] = &items[offer.n_chain];
		offer.n_chain++;
	}
	invite_name(node, invite->ask->name, name);
	offer.genesis = &genesis;
	offer.chain = list;
	offer.sponsor = binary(node->self->id, DEVICE_ID_SIZE);
	offer.ordinal = invite->ordinal;
	offer.name = name;
	offer.inviter = node->name;
	message.offer = &offer;
	invite->stage = INVITE_OFFERED;
	return meeting_say(step, invite->guest, &message);
}

static size_t invite_members(const struct node *node)
{
	size_t n = 0;

	for (uint32_t i = 0; i < node->set.n_authors; i++)
		n += node->set.authors[i].member;
	return n;
}

static int invite_asked(struct step *step, struct meeting *meeting,
			Fob__PairAsk *ask)
{
	struct node *node = step->node;
	struct invite *invite = node->invite;
	struct call *call = invite_call(node);
	bool keeper = ask->role == FOB__ROLE__KEEPER;
	int r;

	invite->ask = ask;
	if (!invite_ask_good(ask) || !node_may_read(node) || !call) {
		r = invite_tell(step, STATUS_FAILED,
				"the newcomer was refused: it did not speak "
				"as expected, or this device was locked");
		return r < 0 ? r : invite_refuse(step, meeting, REFUSE_CANNOT);
	}
	if (keeper != invite->keeper) {
		r = invite_tell(step, STATUS_REFUSED,
				keeper ? "a keeper answered: invite it with "
					 "fob invite --keeper" :
					 "a device answered, a keeper was "
					 "invited");
		return r < 0 ? r : invite_refuse(step, meeting, REFUSE_ROLE);
	}
	if (invite_members(node) >= DEVICES_CREATED_MAX) {
		r = invite_tell(step, STATUS_REFUSED,
				"the vault has as many devices as it can "
				"have: revoke one first");
		return r < 0 ? r : invite_refuse(step, meeting, REFUSE_MANY);
	}
	invite->ordinal = roster_next_ordinal(&node->roster, node->self_author);
	if (invite->approve)
		return invite_offer(step);
	return invite_show(step, call);
}

/* --- the newcomer's signature ---------------------------------------------------------- */

static int invite_welcome(struct step *step, uint32_t add)
{
	struct node *node = step->node;
	struct invite *invite = node->invite;
	struct call *call = invite_call(node);
	Fob__PairMessage message = FOB__PAIR_MESSAGE__INIT;
	Fob__PairWelcome welcome = FOB__PAIR_WELCOME__INIT;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Joined joined = FOB__JOINED__INIT;
	char name[DEVICE_NAME_MAX + 1];
	uint8_t id[DEVICE_ID_SIZE];
	Fob__Item item;
	int r;

	invite_item(set_head(&node->set, add), &item);
	welcome.add = &item;
	message.welcome = &welcome;
	r = meeting_say(step, invite->guest, &message);
	item_device_id(id, invite->ask->device);
	invite_name(node, invite->ask->name, name);
	step_trace(step, TRACE_JOINED, id, NULL, 0);
	joined.id = (ProtobufCBinaryData){ sizeof(id), id };
	joined.name = name;
	reply.joined = &joined;
	if (r == 0 && call) {
		r = call_reply(step, call, &reply);
		call->stage = 2;
	}
	node->dead_codes = 0;
	invite_end(step);
	return r;
}

/* The ADD of the newcomer, with wraps of the keys that it may read. */
static int invite_add(struct step *step, const Fob__PairSign *sign,
		      uint32_t *ret_add)
{
	struct node *node = step->node;
	struct invite *invite = node->invite;
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Add add = FOB__ADD__INIT;
	uint8_t id[DEVICE_ID_SIZE];
	uint32_t author;
	int r;

	item_device_id(id, invite->ask->device);
	author = set_author(&node->set, id);
	if (author != NONE && node->set.authors[author].member) {
		*ret_add = node->set.authors[author].add;
		return 0; /* a join that was cut goes on */
	}
	add.device = invite->ask->device;
	add.role = invite->keeper ? FOB__ROLE__KEEPER : FOB__ROLE__DEVICE;
	add.ordinal = invite->ordinal;
	add.join_sig = sign->join_sig;
	head.kind = FOB__KIND__ADD;
	head.add = &add;
	r = write_head(step, &head, (struct bytes){ NULL, 0 }, ret_add);
	if (r)
		return r;
	author = set_author(&node->set, id);
	REQUIRE(author != NONE);
	return invite->keeper ? 0 : write_grants(step, author);
}

static int invite_signed(struct step *step, struct meeting *meeting,
			 const Fob__PairSign *sign)
{
	uint32_t add = NONE;
	int r = WRITE_ERR_REFUSED;

	if (sign->join_sig.len == SIGNATURE_SIZE && node_may_read(step->node))
		r = invite_add(step, sign, &add);
	if (r < 0)
		return r;
	if (r == 0)
		return invite_welcome(step, add);
	r = invite_tell(step, STATUS_FAILED,
			"the newcomer could not be added: its signature is "
			"wrong, or this device may not write");
	return r < 0 ? r : invite_refuse(step, meeting, REFUSE_CANNOT);
}

/* Gone, or sent away: without the one who had the code it is over. */
static int invite_closed(struct step *step, struct meeting *meeting)
{
	struct invite *invite = step->node->invite;
	int r;

	if (meeting != invite->guest) {
		meeting_close(step, meeting);
		return 0;
	}
	r = invite_tell(step, STATUS_FAILED,
			"the new device went away before it was in: run fob "
			"invite again, and fob join there");
	invite_end(step);
	return r;
}

static int invite_message(struct step *step, struct meeting *meeting,
			  struct bytes bytes)
{
	struct invite *invite = step->node->invite;
	struct budget budget;
	Fob__PairMessage *message;
	Fob__PairAsk *ask = NULL;
	int r = 1;

	budget_init(&budget, false);
	message =
		fob__pair_message__unpack(&budget.allocator, bytes.n, bytes.p);
	if (!message)
		r = budget_error(&budget, r);
	if (message && message->ask && meeting == invite->guest &&
	    invite->stage == INVITE_WAITS && !invite->ask) {
		/* It is kept longer than its budget: a copy of its own. */
		size_t n = fob__pair_ask__get_packed_size(message->ask);
		AUTO_FREE uint8_t *copy = malloc(n + 1);

		if (copy) {
			fob__pair_ask__pack(message->ask, copy);
			ask = fob__pair_ask__unpack(NULL, n, copy);
		}
		r = ask ? invite_asked(step, meeting, ask) : -ENOMEM;
	} else if (message && message->sign && meeting == invite->guest &&
		   invite->stage == INVITE_OFFERED) {
		r = invite_signed(step, meeting, message->sign);
	}
	if (message)
		fob__pair_message__free_unpacked(message, &budget.allocator);
	budget_deinit(&budget);
	return r <= 0 ? r : invite_closed(step, meeting);
}

static int invite_wrong(struct step *step)
{
	struct node *node = step->node;
	int r;

	node->dead_codes++;
	if (node->dead_codes >= INVITE_DEAD_MAX)
		node->invite_rest = node->mono + INVITE_BACKOFF_MS;
	step_trace(step, TRACE_MEET_WRONG, NULL, NULL, node->dead_codes);
	call_tell(step, "alarm", (struct bytes){ NULL, 0 },
		  "somebody tried a wrong pairing code");
	r = invite_tell(step, STATUS_REFUSED,
			"somebody tried a wrong code: this one is dead; run "
			"fob invite again");
	invite_end(step);
	return r;
}

int invite_event(struct step *step, struct meeting *meeting,
		 const struct pairing_event *event)
{
	struct invite *invite = step->node->invite;

	switch (event->kind) {
	case PAIRING_READY:
		invite->guest = meeting; /* the code is used up */
		for (size_t i = 0; i < INVITE_SLOTS; i++)
			if (&invite->meetings[i] != meeting)
				meeting_close(step, &invite->meetings[i]);
		return 0;
	case PAIRING_MESSAGE:
		return invite_message(step, meeting, event->message);
	case PAIRING_WRONG:
		return invite_wrong(step);
	case PAIRING_CLOSED:
		return invite_closed(step, meeting);
	}
	return 0;
}

/* --- what clients ask -------------------------------------------------------------------- */

static void invite_digits(struct step *step, uint8_t *ret)
{
	uint64_t number;

	/* 2^64 is no multiple of 10^9; the bias is below 10^-10. */
	step_random(step, &number, sizeof(number));
	for (size_t i = PAIRING_DIGITS; i-- > 0; number /= 10)
		ret[i] = (uint8_t)('0' + number % 10);
}

static void invite_uri(const struct node *node, char ret[static 1024])
{
	char secret[TEXT_BASE32_SIZE(PAIRING_SECRET_SIZE)];
	size_t n;

	text_base32_encode(secret, sizeof(secret),
			   (struct bytes){ node->invite->code,
					   PAIRING_SECRET_SIZE });
	n = (size_t)snprintf(ret, 1024, "fob:%s", secret);
	for (size_t i = 0; i < node->n_addresses && n < 900; i++)
		n += (size_t)snprintf(ret + n, 1024 - n, "%c%s", i ? ',' : '@',
				      node->addresses[i]);
	sodium_memzero(secret, sizeof(secret));
}

static int invite_reply(struct step *step, struct call *call)
{
	struct node *node = step->node;
	struct invite *invite = node->invite;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Invited invited = FOB__INVITED__INIT;
	char code[16], uri[1024], *list[ADDRESSES_MAX];
	int r;

	if (invite->mode == PAIRING_BY_DIGITS) {
		snprintf(code, sizeof(code), "%.3s-%.3s-%.3s", invite->code,
			 invite->code + 3, invite->code + 6);
		invited.code = code;
	} else {
		invite_uri(node, uri);
		invited.uri = uri;
	}
	for (size_t i = 0; i < node->n_addresses; i++)
		list[i] = node->addresses[i];
	invited.addresses = list;
	invited.n_addresses = node->n_addresses;
	invited.expires = (uint64_t)node->wall + invite->expires - node->mono;
	reply.more = call->request->invite->wait;
	reply.invited = &invited;
	r = call_reply(step, call, &reply);
	sodium_memzero(code, sizeof(code));
	sodium_memzero(uri, sizeof(uri));
	return r;
}

static int invite_new(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__InviteAsk *ask = call->request->invite;
	struct invite *invite = secret_alloc(sizeof(*invite));
	uint64_t life = ask->uri ? INVITE_LONG_MS : INVITE_MS;

	if (!invite)
		return -ENOMEM;
	if (ask->expires_ms && ask->expires_ms < life)
		life = ask->expires_ms;
	invite->call = ask->wait ? call->number : 0;
	invite->mode = ask->uri ? PAIRING_BY_SECRET : PAIRING_BY_DIGITS;
	invite->approve = ask->approve;
	invite->keeper = ask->keeper;
	invite->expires = node->mono + life;
	if (ask->uri)
		step_random(step, invite->code, sizeof(invite->code));
	else
		invite_digits(step, invite->code);
	node->invite = invite;
	effects_add(step->effects, EFFECT_MEET_LISTEN)->number = 1;
	step_trace(step, TRACE_INVITED, NULL, NULL, 0);
	return 0;
}

int ask_invite(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__InviteAsk *ask = call->request->invite;
	int r;

	if (call->stage == 1)
		return CALL_PARK;
	if (call->stage != 0)
		return CALL_DONE;
	if (node->invite_rest > node->mono)
		return call_fail(
			step, call, STATUS_REFUSED,
			"too many wrong codes were tried: wait %u s",
			(unsigned)((node->invite_rest - node->mono + 999) /
				   1000));
	if (!ask->wait && !ask->approve)
		return call_fail(step, call, STATUS_USAGE,
				 "nobody would be there to approve: add --yes "
				 "to let in whoever has the code, or wait");
	if (node->invite) {
		r = invite_tell(step, STATUS_FAILED,
				"a newer invitation took the place of this "
				"one");
		invite_end(step);
		if (r < 0)
			return r;
	}
	r = invite_new(step, call);
	if (r == 0)
		r = invite_reply(step, call);
	if (r < 0)
		return r;
	call->stage = 1;
	return ask->wait ? CALL_PARK : CALL_DONE;
}

int ask_approve(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__ApproveAsk *ask = call->request->approve;
	struct invite *invite = node->invite;
	uint8_t id[DEVICE_ID_SIZE];
	int r;

	if (!invite || invite->stage != INVITE_ASKED || !invite->guest)
		return call_fail(step, call, STATUS_NOT_FOUND,
				 "nobody is waiting to be let in");
	item_device_id(id, invite->ask->device);
	if (ask->device.len != sizeof(id) ||
	    memcmp(ask->device.data, id, sizeof(id)) != 0)
		return call_fail(step, call, STATUS_CONFLICT,
				 "it is another device that is waiting");
	if (ask->approve) {
		r = invite_offer(step);
	} else {
		r = invite_tell(step, STATUS_REFUSED,
				"the new device was turned away");
		if (r == 0)
			r = invite_refuse(step, invite->guest, REFUSE_NO);
	}
	return r < 0 ? r : call_ok(step, call);
}
