/* A device approves the new keys of one that stands below it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/reset.h"
#include "daemon/core/saying.h"
#include "proto/text.h"

enum { VOUCH_WAITS = 1, VOUCH_OFFERED };

void vouch_free(struct node *node)
{
	free(node->vouch);
	node->vouch = NULL;
}

static struct vouch *vouch_room(struct node *node)
{
	if (!node->vouch)
		node->vouch = calloc(1, sizeof(*node->vouch));
	return node->vouch;
}

/* --- what the device says ------------------------------------------------------ */

static bool certificate_good(const Fob__Certificate *c)
{
	return c->sign.len == KEY_SIZE && c->status.len == KEY_SIZE &&
	       c->wrap.len == KEY_SIZE && c->transport.len == KEY_SIZE;
}

int vouch_asked(struct step *step, const struct sync_peer *peer,
		const Fob__Certificate *device)
{
	struct node *node = step->node;
	struct plea *plea;
	struct saying text = { .n = 0 };

	if (!certificate_good(device))
		return SYNC_ERR_PROTOCOL;
	if (!vouch_room(node))
		return -ENOMEM;
	plea = &node->vouch->pleas[peer - node->sync.peers];
	plea->conn = peer->conn;
	plea->author = peer->author;
	memcpy(plea->keys[0], device->sign.data, KEY_SIZE);
	memcpy(plea->keys[1], device->status.data, KEY_SIZE);
	memcpy(plea->keys[2], device->wrap.data, KEY_SIZE);
	memcpy(plea->keys[3], device->transport.data, KEY_SIZE);
	saying_add(&text, node_device_name(node, peer->author));
	saying_add(&text, " asks for new keys: fob device approve");
	call_tell(step, "device", BYTES(node->set.authors[peer->author].id),
		  text.text);
	return 0;
}

void vouch_answered(struct node *node, const struct sync_peer *peer,
		    struct bytes join_sig)
{
	struct vouch *vouch = node->vouch;

	if (!vouch || !vouch->call || vouch->conn != peer->conn ||
	    join_sig.n != SIGNATURE_SIZE)
		return;
	memcpy(vouch->join_sig, join_sig.p, join_sig.n);
	vouch->answered = true;
}

/* What the device asks for in the session at hand, or NULL. */
static struct plea *plea_of(const struct node *node,
			    const struct sync_peer *peer, uint32_t author)
{
	struct plea *plea;

	if (!peer || !node->vouch)
		return NULL;
	plea = &node->vouch->pleas[peer - node->sync.peers];
	return plea->conn == peer->conn && plea->author == author ? plea : NULL;
}

static void plea_certificate(struct plea *plea, Fob__Certificate *ret)
{
	fob__certificate__init(ret);
	ret->sign = (ProtobufCBinaryData){ KEY_SIZE, plea->keys[0] };
	ret->status = (ProtobufCBinaryData){ KEY_SIZE, plea->keys[1] };
	ret->wrap = (ProtobufCBinaryData){ KEY_SIZE, plea->keys[2] };
	ret->transport = (ProtobufCBinaryData){ KEY_SIZE, plea->keys[3] };
}

/* --- what the person is told ----------------------------------------------------- */

static int vouch_refuse(struct step *step, struct call *call,
			enum status status, const char *why, uint32_t author)
{
	int r = call_fail(step, call, status, "%s %s",
			  node_device_name(step->node, author), why);

	return r < 0 ? r : 1;
}

/* May this device approve that one at all? 0, or 1 when it was replied. */
static int vouch_check(struct step *step, struct call *call, uint32_t author)
{
	struct node *node = step->node;

	if (author == node->self_author)
		return vouch_refuse(step, call, STATUS_USAGE,
				    "is this device: run it on another one",
				    author);
	if (!node->roster.devices[author].reader)
		return vouch_refuse(step, call, STATUS_REFUSED,
				    "is a keeper, which has no passphrase",
				    author);
	if (!roster_outranks(&node->roster, node->self_author, author))
		return vouch_refuse(step, call, STATUS_REFUSED,
				    "stands above this device: a device "
				    "above it can approve it, or the recovery "
				    "kit, there: fob passphrase --reset --kit",
				    author);
	if (node->roster.devices[author].suspended)
		return vouch_refuse(step, call, STATUS_REFUSED,
				    "is suspended: settle that first, with "
				    "fob device lift or revoke",
				    author);
	if (replace_alone(node, author))
		return vouch_refuse(step, call, STATUS_REFUSED,
				    "alone reads one of the groups: only "
				    "the recovery kit keeps it readable, "
				    "there: fob passphrase --reset --kit",
				    author);
	return 0;
}

/* One space between words, and no capitals. */
static void words_normal(const char *text, char ret[static RESET_WORDS_SIZE])
{
	size_t n = 0;

	for (; *text && n + 2 < RESET_WORDS_SIZE; text++) {
		bool space = *text == ' ' || *text == '-' || *text == '\t';

		if (space && (n == 0 || ret[n - 1] == ' '))
			continue;
		ret[n++] = space ? ' ' : *text;
	}
	while (n > 0 && ret[n - 1] == ' ')
		n--;
	ret[n] = 0;
}

static bool words_match(const struct node *node, uint32_t author,
			struct plea *plea, const char *given)
{
	char wanted[RESET_WORDS_SIZE], normal[RESET_WORDS_SIZE];
	Fob__Certificate certificate;

	plea_certificate(plea, &certificate);
	reset_words(node, author, &certificate, wanted);
	words_normal(given, normal);
	return text_same(text_of(wanted), text_of(normal));
}

/* --- the steps ------------------------------------------------------------------- */

static int vouch_late(struct step *step, struct call *call, uint32_t author)
{
	struct node *node = step->node;
	const struct sync_peer *peer = sync_peer_of(&node->sync, author);
	const char *why = "did not answer in time";

	if (!peer)
		why = "is not connected to this device: is it on, and can "
		      "it be reached?";
	else if (!plea_of(node, peer, author))
		why = "asks for no new keys: run fob passphrase --reset "
		      "there first";
	else if (!peer->in_sync)
		why = "is not in sync with this device yet: try again";
	node->vouch->call = 0;
	return call_fail(step, call, STATUS_TIMEOUT, "%s %s",
			 node_device_name(node, author), why);
}

static int vouch_offer(struct step *step, struct call *call,
		       struct sync_peer *peer)
{
	struct node *node = step->node;
	Fob__Reset offer = FOB__RESET__INIT;
	int r;

	node->vouch->conn = peer->conn;
	node->vouch->answered = false;
	node->vouch->ordinal =
		roster_next_ordinal(&node->roster, node->self_author);
	offer.ordinal = node->vouch->ordinal;
	r = reset_say(step, peer, &offer);
	call->stage = VOUCH_OFFERED;
	return r < 0 ? r : CALL_PARK;
}

/* Where the old keys were reached, the new ones may be. */
static int vouch_address(struct step *step, uint32_t old, uint32_t new)
{
	struct node *node = step->node;
	const struct device_status *status =
		statuses_find(&node->statuses, old);
	char address[64] = { 0 };

	for (size_t i = 0; i < node->n_by_hand; i++)
		if (!memcmp(node->by_hand[i].device, node->set.authors[old].id,
			    DEVICE_ID_SIZE))
			memcpy(address, node->by_hand[i].address,
			       sizeof(address));
	if (!address[0] && status && status->n_addresses)
		memcpy(address, status->addresses[0],
		       size_min(strlen(status->addresses[0]),
				sizeof(address) - 1));
	return address[0] ? peer_by_hand(step, new, address) : 0;
}

static int vouch_reply(struct step *step, struct call *call, const char *name,
		       struct plea *plea, size_t beyond)
{
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Joined joined = FOB__JOINED__INIT;
	Fob__Certificate certificate;
	uint8_t id[DEVICE_ID_SIZE];
	char copy[DEVICE_NAME_MAX + 1] = { 0 };
	char warning[] = "it was a reader of groups that this device does not "
			 "read: one of their readers has to grant them again, "
			 "with fob group grant";
	char *warnings[] = { warning };

	plea_certificate(plea, &certificate);
	item_device_id(id, &certificate);
	memcpy(copy, name, size_min(strlen(name), DEVICE_NAME_MAX));
	joined.id = (ProtobufCBinaryData){ sizeof(id), id };
	joined.name = copy;
	reply.joined = &joined;
	if (beyond) {
		reply.n_warnings = 1;
		reply.warnings = warnings;
	}
	return call_reply(step, call, &reply);
}

/* All of it is one step: so it is on disk whole, or not at all. */
static int vouch_write(struct step *step, struct call *call, uint32_t author,
		       const struct plea *from)
{
	struct node *node = step->node;
	struct plea plea = *from; /* the session ends with the REVOKE */
	struct replacement what = { .old = author };
	Fob__Certificate certificate;
	char name[DEVICE_NAME_MAX + 1] = { 0 };
	size_t beyond = replace_beyond(node, author);
	uint32_t renewed = NONE;
	int r;

	snprintf(name, sizeof(name), "%s", node_device_name(node, author));
	plea_certificate(&plea, &certificate);
	what.device = &certificate;
	what.ordinal = node->vouch->ordinal;
	what.join_sig = node->vouch->join_sig;
	node->vouch->call = 0;
	r = replace_write(step, &what, &renewed);
	if (r > 0)
		return call_fail(step, call, STATUS_FAILED,
				 "the new keys of %s could not be added: their "
				 "signature is wrong, or this device may not "
				 "write; nothing was changed",
				 name);
	if (r == 0)
		r = revoke_rotate(step);
	if (r >= 0)
		r = write_grants(step, renewed);
	if (r >= 0)
		r = vouch_address(step, author, renewed);
	return r < 0 ? r : vouch_reply(step, call, name, &plea, beyond);
}

static int vouch_go_on(struct step *step, struct call *call, uint32_t author)
{
	struct node *node = step->node;
	struct sync_peer *peer = sync_peer_of(&node->sync, author);
	struct plea *plea = plea_of(node, peer, author);
	int r;

	if (!plea || !peer->in_sync) {
		call->stage = VOUCH_WAITS;
		return CALL_PARK;
	}
	if (!words_match(node, author, plea, call->request->vouch->words)) {
		node->vouch->call = 0;
		return call_fail(step, call, STATUS_REFUSED,
				 "these are not the words that %s shows; "
				 "nothing was changed",
				 node_device_name(node, author));
	}
	if (call->stage == VOUCH_WAITS || node->vouch->conn != peer->conn)
		return vouch_offer(step, call, peer);
	if (!node->vouch->answered)
		return CALL_PARK;
	r = vouch_check(step, call, author);
	if (r == 0)
		return vouch_write(step, call, author, plea);
	node->vouch->call = 0;
	return r < 0 ? r : CALL_DONE;
}

static int vouch_begin(struct step *step, struct call *call, uint32_t author)
{
	struct node *node = step->node;
	const Fob__VouchAsk *ask = call->request->vouch;
	int r = vouch_check(step, call, author);

	if (r)
		return r < 0 ? r : CALL_DONE;
	if (!vouch_room(node))
		return -ENOMEM;
	if (node->vouch->call && call_find(node, node->vouch->call))
		return call_fail(step, call, STATUS_CONFLICT,
				 "a device is being approved already");
	node->vouch->call = call->number;
	node->vouch->author = author;
	call->stage = VOUCH_WAITS;
	call->deadline = node->mono + (ask->timeout_ms ? ask->timeout_ms :
							 REQUEST_DEADLINE_MS);
	return vouch_go_on(step, call, author);
}

int ask_vouch(struct step *step, struct call *call)
{
	struct vouch *vouch = step->node->vouch;
	uint32_t author = NONE;
	int r;

	if (call->stage == CALL_LATE)
		return vouch_late(step, call, vouch->author);
	if (call->stage != 0)
		return vouch_go_on(step, call, vouch->author);
	r = device_find(step, call, call->request->vouch->device, &author);
	if (r)
		return r < 0 ? r : CALL_DONE;
	return vouch_begin(step, call, author);
}
