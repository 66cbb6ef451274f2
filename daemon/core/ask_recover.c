/*
 * A vault comes back to an empty device: words, then sources one after the
 * other, then the list of devices, then a new device in one step. One that
 * was cut begins with the words again, and has what was kept of it.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/missing.h"
#include "daemon/core/recover.h"
#include "proto/secret.h"
#include "proto/text.h"

int recover_stop(struct step *step, struct call *call, enum status status,
		 const char *why)
{
	if (step->node->recover)
		step->node->recover->gone = true;
	return call_fail(step, call, status, "%s", why);
}

int recover_check(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const struct kit *kit = &node->recover->kit;
	int r;

	if (node->set.pinned && write_kit(node, kit))
		return 0;
	if (!node->set.pinned)
		r = recover_stop(step, call, STATUS_USAGE,
				 "there is nothing to recover from yet");
	else if (kit_replaced(node, kit))
		r = recover_stop(step, call, STATUS_REFUSED,
				 "these are the words of an older kit: another "
				 "one has taken its place; nothing was "
				 "changed");
	else if (node->set.frozen)
		r = recover_stop(step, call, STATUS_CONFLICT,
				 "two kits were made at once, so neither "
				 "opens the vault; nothing was changed");
	else
		r = recover_stop(step, call, STATUS_REFUSED,
				 "these words do not open this vault; nothing "
				 "was changed");
	return r < 0 ? r : 1;
}

/* May it be done here at all? 0, or 1 when it was replied. */
static int recover_place(struct step *step, struct call *call)
{
	const struct node *node = step->node;
	int r = 0;

	if (node->config.keeper)
		r = call_fail(step, call, STATUS_REFUSED,
			      "a keeper cannot read, so it cannot recover: "
			      "run fobd without --keeper");
	else if (node->state == NODE_JOINING)
		r = call_fail(step, call, STATUS_CONFLICT,
			      "this device has begun to join a vault: let "
			      "it end, or use another folder");
	else if (node->recover || node->join ||
		 (node->state != NODE_EMPTY && node->state != NODE_RECOVERING))
		r = vault_is_here(step, call);
	else
		return 0;
	return r < 0 ? r : 1;
}

/* What an earlier one has left here is told with the reply. */
static int recover_begun(struct step *step, struct call *call)
{
	struct node *node = step->node;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Progress kept = FOB__PROGRESS__INIT;
	char what[] = "kept";

	if (node->state != NODE_RECOVERING)
		return call_ok(step, call);
	node->recover->stored = true;
	kept.what = what;
	kept.done = node->set.n_held;
	reply.progress = &kept;
	return call_reply(step, call, &reply);
}

static int recover_begin(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__RecoverAsk *ask = call->request->recover;
	struct recover *recover;
	int r = recover_place(step, call);

	if (r)
		return r < 0 ? r : CALL_DONE;
	if (ask->seed.len != KEY_SIZE)
		return call_fail(step, call, STATUS_USAGE,
				 "a kit is made of 32 bytes");
	recover = secret_alloc(sizeof(*recover));
	if (!recover)
		return -ENOMEM;
	kit_derive(&recover->kit, ask->seed.data);
	if (node->state == NODE_RECOVERING &&
	    !recover_begun_by(node, &recover->kit)) {
		secret_free(recover);
		return call_fail(step, call, STATUS_REFUSED,
				 "a recovery was cut here that began with "
				 "other words: give those, or throw away what "
				 "is kept of it with fob recover --forget; "
				 "nothing was changed");
	}
	recover->client = call->conn;
	effects_init(&recover->held);
	node->recover = recover;
	return recover_begun(step, call);
}

/* Without the words: what is kept may be had again, and is no vault. */
static int recover_drop(struct step *step, struct call *call)
{
	struct node *node = step->node;
	int r = recover_place(step, call);

	if (r)
		return r < 0 ? r : CALL_DONE;
	if (node->state != NODE_RECOVERING)
		return call_fail(step, call, STATUS_NOT_FOUND,
				 "no recovery was cut here: there is nothing "
				 "to throw away");
	recover_forget(step);
	return call_ok(step, call);
}

/* --- files ------------------------------------------------------------------------ */

static int data_item(struct step *step, const Fob__Item *item)
{
	struct node *node = step->node;
	struct take take = { .conn = UINT32_MAX };
	uint32_t index;
	int r;

	take.body = (struct bytes){ item->body.data, item->body.len };
	take.signature =
		(struct bytes){ item->signature.data, item->signature.len };
	take.blob = (struct bytes){ item->blob.data, item->blob.len };
	if (take.signature.n != SIGNATURE_SIZE || take.body.n > BODY_MAX ||
	    take.blob.n > BLOB_MAX)
		return SNAPSHOT_ERR_CONTENT;
	r = take_item(step, &take, &index);
	if (r != 0 && r != SET_ERR_HELD)
		return r < 0 ? r : SNAPSHOT_ERR_CONTENT;
	/* More of them than there are: the same again, and without end. */
	if (node->recover->reader->n_items >= node->set.n_items)
		return SNAPSHOT_ERR_CONTENT;
	return snapshot_note(node->recover->reader,
			     set_class(&node->set, index),
			     node->set.items[index].id);
}

static int data_status(struct step *step, const Fob__Status *status, bool made)
{
	struct node *node = step->node;
	struct snapshot_made by;
	uint8_t packed[STATUS_ROW_MAX];
	size_t n = fob__status__get_packed_size(status);
	int r = 0;

	if (n > sizeof(packed) ||
	    (made && (!node->set.pinned ||
		      memcmp(node->set.vault_id,
			     node->recover->reader->header.vault_id, ID_SIZE))))
		return SNAPSHOT_ERR_CONTENT;
	fob__status__pack(status, packed);
	if (made)
		r = snapshot_maker(&node->set, (struct bytes){ packed, n },
				   &by);
	if (made && r == 0)
		r = snapshot_complete(node->recover->reader, &by);
	return r ? r : recover_status(step, (struct bytes){ packed, n });
}

static int data_part(struct step *step, struct bytes bytes)
{
	struct recover *recover = step->node->recover;
	struct budget budget;
	Fob__SnapshotPart *part;
	int r = SNAPSHOT_ERR_CONTENT;

	budget_init(&budget, false);
	part = fob__snapshot_part__unpack(&budget.allocator, bytes.n, bytes.p);
	if (!part)
		r = budget_error(&budget, r);
	else if (recover->file_made)
		r = SNAPSHOT_ERR_CONTENT; /* that was the last part */
	else if (part->item)
		r = data_item(step, part->item);
	else if (part->status)
		r = data_status(step, part->status, false);
	else if (part->made)
		r = data_status(step, part->made, true);
	else
		r = 0; /* of a newer version */
	if (part)
		recover->file_made = recover->file_made || part->made;
	if (part)
		fob__snapshot_part__free_unpacked(part, &budget.allocator);
	budget_deinit(&budget);
	return r;
}

static int data_feed(struct step *step, struct bytes in)
{
	struct recover *recover = step->node->recover;
	struct bytes part;
	int r = 0;

	while (r == 0 && in.n) {
		r = snapshot_feed(recover->reader, &in);
		while (r == 0 && snapshot_next(recover->reader, &part))
			r = data_part(step, part);
	}
	return r;
}

static const char *data_why(const struct node *node, int error)
{
	const struct recover *recover = node->recover;

	if (error == SNAPSHOT_ERR_CONTENT && node->set.pinned &&
	    memcmp(node->set.vault_id, recover->reader->header.vault_id,
		   ID_SIZE) != 0)
		return "it is of another vault than the source before";
	return snapshot_error_text(error);
}

static int recover_data(struct step *step, struct call *call)
{
	struct node *node = step->node;
	struct recover *recover = node->recover;
	const Fob__RecoverAsk *ask = call->request->recover;
	int r;

	if (!recover->reader) {
		recover->reader = secret_alloc(sizeof(*recover->reader));
		if (!recover->reader)
			return -ENOMEM;
		snapshot_reader_init(recover->reader, &recover->kit);
	}
	r = data_feed(step, (struct bytes){ ask->data.data, ask->data.len });
	if (r == 0 && ask->last)
		r = snapshot_ended(recover->reader);
	if (r == 0 && ask->last && !recover->file_made)
		r = SNAPSHOT_ERR_CONTENT;
	if (r)
		return r < 0 ? r :
			       recover_stop(step, call,
					    r == SNAPSHOT_ERR_WORDS ?
						    STATUS_REFUSED :
						    STATUS_FAILED,
					    data_why(node, r));
	if (!ask->last)
		return call_ok(step, call);
	snapshot_reader_deinit(recover->reader);
	secret_free(recover->reader);
	recover->reader = NULL;
	recover->file_made = false;
	r = take_settle(step);
	if (r == 0)
		r = recover_check(step, call);
	if (r)
		return r < 0 ? r : CALL_DONE;
	r = recover_statuses(step);
	return r < 0 ? r : call_ok(step, call);
}

/* --- who is there ------------------------------------------------------------------------ */

/* Keys opened by the kit show names, and what devices said of themselves. */
static int recover_open(struct step *step)
{
	struct node *node = step->node;
	struct recover *recover = node->recover;
	struct net_secret nets[EFFECT_PSKS];
	size_t n;
	int r = keyring_open_kit(&node->keyring, &recover->kit);

	if (r == 0)
		r = recover_statuses(step);
	if (r < 0)
		return r;
	n = keyring_nets(&node->keyring, nets, EFFECT_PSKS);
	statuses_open(&node->statuses, nets, n);
	sodium_memzero(nets, sizeof(nets));
	return 0;
}

static int recover_list(struct step *step, struct call *call)
{
	int r = recover_check(step, call);

	if (r)
		return r < 0 ? r : CALL_DONE;
	r = recover_open(step);
	return r < 0 ? r : ask_devices(step, call);
}

/* --- the new device ------------------------------------------------------------------------ */

static int make_add(struct step *step)
{
	static const uint8_t nobody[DEVICE_ID_SIZE];
	struct node *node = step->node;
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Add add = FOB__ADD__INIT;
	Fob__Certificate certificate;
	uint8_t signature[SIGNATURE_SIZE];
	uint32_t index;

	device_certificate(node->self, &certificate);
	add.device = &certificate;
	add.role = FOB__ROLE__DEVICE;
	add.ordinal = roster_next_ordinal(&node->roster, NONE);
	item_join_sign(signature, node->set.vault_id, nobody, &add,
		       node->self->sign_secret);
	add.join_sig = (ProtobufCBinaryData){ sizeof(signature), signature };
	head.kind = FOB__KIND__ADD;
	head.add = &add;
	return write_by_kit(step, &head, &node->recover->kit, &index);
}

/* The kit reads everything, so the device that it makes does, too. */
static int make_reader(struct step *step, uint32_t group)
{
	struct node *node = step->node;
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Group payload = FOB__GROUP__INIT;
	ProtobufCBinaryData self = { DEVICE_ID_SIZE, node->self->id };
	uint8_t id[GROUP_ID_SIZE];
	uint32_t index;

	memcpy(id, node->set.groups[group].id, sizeof(id));
	payload.group = (ProtobufCBinaryData){ sizeof(id), id };
	payload.n_add = 1;
	payload.add = &self;
	head.kind = FOB__KIND__GROUP;
	head.group = &payload;
	return write_by_kit(step, &head, &node->recover->kit, &index);
}

static int make_readers(struct step *step)
{
	struct node *node = step->node;
	uint32_t n = node->roster.n_groups;
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0; i++) {
		uint32_t group = node->roster.groups[i].group;

		if (!roster_reads(&node->roster, group, node->self_author))
			r = make_reader(step, group);
	}
	return r;
}

static int make_revokes(struct step *step, const Fob__RecoverAsk *ask)
{
	struct node *node = step->node;
	int r = 0;

	for (size_t i = 0; i < ask->n_revoke && r == 0; i++) {
		uint32_t device;

		if (ask->revoke[i].len != DEVICE_ID_SIZE)
			return WRITE_ERR_REFUSED;
		device = set_author(&node->set, ask->revoke[i].data);
		if (device == NONE || device == node->self_author)
			return WRITE_ERR_REFUSED;
		if (node->set.authors[device].member)
			r = revoke_by_kit(step, device, &node->recover->kit);
	}
	return r;
}

/*
 * Main is what a device is there for. Another group may have keys for an older
 * kit only, or from one who left this kit out: it stays shut, and the doctor
 * says so, but it shall not keep all else from coming back.
 */
static int make_keys(struct step *step)
{
	struct node *node = step->node;
	uint32_t n = node->roster.n_groups;
	int r = keyring_open_kit(&node->keyring, &node->recover->kit);

	for (uint32_t i = 0; i < n && r == 0; i++) {
		uint32_t group = node->roster.groups[i].group;

		r = write_key(step, group, NONE);
		if (r == WRITE_ERR_NO_KEY && group != 0)
			r = 0;
	}
	return r;
}

static int make_slots(struct step *step, struct call *call)
{
	const Fob__RecoverAsk *ask = call->request->recover;
	uint8_t secret[KEY_SIZE];
	int r = 0;

	if (call->kdf)
		r = vault_slot_add(step, call, call->kdf);
	if (r || !ask->key_file.len)
		return r;
	free(call->slot);
	call->slot = NULL;
	r = vault_slot_new(step, call, SLOT_KEY_FILE);
	if (r < 0)
		return r;
	slot_key_file(call->slot,
		      (struct bytes){ ask->key_file.data, ask->key_file.len },
		      secret);
	r = vault_slot_add(step, call, secret);
	sodium_memzero(secret, sizeof(secret));
	return r;
}

static int make_rows(struct step *step, const Fob__RecoverAsk *ask)
{
	struct node *node = step->node;
	struct recover *recover = node->recover;
	int r = 0;

	step_put_local(step, "device",
		       (struct bytes){ node->device_row,
				       node->device_row_len });
	vault_name(step, ask->name[0] ? ask->name : "device");
	for (size_t i = 0; i < recover->n_servers && r == 0; i++)
		if (node->set.authors[recover->servers[i]].member)
			r = peer_by_hand(step, recover->servers[i],
					 recover->server_address[i]);
	kit_drilled(step);
	return r;
}

/* One step makes all of it, so that one commit holds all of it. */
static int make_device(struct step *step, struct call *call)
{
	const Fob__RecoverAsk *ask = call->request->recover;
	struct node *node = step->node;
	int r = vault_device_new(step);

	if (r == 0)
		r = make_add(step);
	if (r == 0 && node->self_author == NONE)
		r = WRITE_ERR_REFUSED;
	if (r == 0)
		r = make_readers(step);
	if (r == 0)
		r = make_revokes(step, ask);
	if (r == 0)
		r = make_slots(step, call);
	if (r)
		return r;
	node->state = NODE_LOCKED;
	r = node_unlock(step);
	if (r == 0)
		r = make_keys(step);
	if (r == 0)
		r = make_rows(step, ask);
	return r ? r : start_channel_keys(step);
}

struct names {
	char *list[DEVICES_CREATED_MAX];
	size_t n;
};

static void add_name(const struct node *node, uint32_t author,
		     struct names *ret)
{
	if (ret->n < DEVICES_CREATED_MAX)
		ret->list[ret->n++] =
			(char *)(uintptr_t)node_device_name(node, author);
}

/* What is there is whole in itself, and yet may not be all. 1: say so. */
static int make_doubts(const struct node *node)
{
	int r = missing_any(node);

	return r < 0 ? r : r > 0 || node->recover->unequal;
}

static int make_reply(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__RecoverAsk *ask = call->request->recover;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Recovered recovered = FOB__RECOVERED__INIT;
	struct names revoked = { .n = 0 }, kept = { .n = 0 };
	char doubt[] = "not all that the devices of this vault knew is here: "
		       "fob doctor says what is missing";
	char *warnings[] = { doubt };
	int r = make_doubts(node);

	if (r < 0)
		return r;
	reply.warnings = warnings;
	reply.n_warnings = r > 0;
	for (size_t i = 0; i < ask->n_revoke; i++)
		add_name(node, set_author(&node->set, ask->revoke[i].data),
			 &revoked);
	for (uint32_t i = 0; i < node->set.n_authors; i++)
		if (node->set.authors[i].member && i != node->self_author)
			add_name(node, i, &kept);
	recovered.vault = (ProtobufCBinaryData){ ID_SIZE, node->set.vault_id };
	recovered.device =
		(ProtobufCBinaryData){ DEVICE_ID_SIZE, node->self->id };
	recovered.name = node->name;
	recovered.revoked = revoked.list;
	recovered.n_revoked = revoked.n;
	recovered.kept = kept.list;
	recovered.n_kept = kept.n;
	reply.recovered = &recovered;
	step_trace(step, TRACE_RECOVERED, node->self->id, NULL,
		   node->set.n_held);
	return call_reply(step, call, &reply);
}

static int recover_make(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__RecoverAsk *ask = call->request->recover;
	int r = recover_check(step, call);

	if (r == 0)
		r = vault_name_check(step, call, ask->name);
	if (r == 0)
		r = vault_opener_check(step, call, &ask->passphrase,
				       &ask->key_file);
	if (r)
		return r < 0 ? r : CALL_DONE;
	if (ask->passphrase.len && !call->kdf) {
		if (!call->slot &&
		    vault_slot_new(step, call, SLOT_PASSPHRASE) < 0)
			return -ENOMEM;
		return call_kdf(step, call,
				(struct bytes){ ask->passphrase.data,
						ask->passphrase.len },
				call->slot);
	}
	r = recover_open(step);
	if (r == 0)
		r = make_device(step, call);
	if (r < 0)
		return r;
	if (r == WRITE_ERR_NO_KEY)
		return recover_stop(step, call, STATUS_FAILED,
				    "no key that these words open is in what "
				    "came, so nothing of it could be read: "
				    "run it again with another source besides; "
				    "no device was made");
	if (r > 0)
		return recover_stop(step, call, STATUS_FAILED,
				    "the new device could not be made: what is "
				    "to be revoked has to be of this vault; "
				    "nothing was changed");
	node->recover->made = true;
	return make_reply(step, call);
}

int ask_recover(struct step *step, struct call *call)
{
	static const struct {
		const char *op;
		int (*run)(struct step *step, struct call *call);
	} ops[] = {
		{ "data", recover_data },
		{ "fetch", fetch_run },
		{ "list", recover_list },
		{ "make", recover_make },
	};
	const struct recover *recover = step->node->recover;
	const char *op = call->request->recover->op;

	if (!strcmp(op, "begin"))
		return recover_begin(step, call);
	if (!strcmp(op, "forget"))
		return recover_drop(step, call);
	if (!recover || recover->gone || recover->client != call->conn)
		return call_fail(step, call, STATUS_USAGE,
				 "no recovery is under way here");
	if (recover->bytes > RECOVER_BYTES_MAX)
		return recover_stop(step, call, STATUS_FAILED,
				    "more came than is taken in before it is "
				    "known whose it is");
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (!strcmp(op, ops[i].op))
			return ops[i].run(step, call);
	return call_fail(step, call, STATUS_USAGE,
			 "begin, data, fetch, list, make or forget");
}
