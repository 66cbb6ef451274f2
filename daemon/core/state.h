/*
 * The inside of a node, for the files of daemon/core alone.
 *
 * One file each deals with: rows at start (start), items that come (take),
 * items that we make (write), reading back from disk (load), the list of
 * accounts (index), clients (call, request, ask_*), peers (peer, serve),
 * pairing (invite, join). All of them work on one struct step.
 */
#ifndef FOB_CORE_STATE_H
#define FOB_CORE_STATE_H

#include "daemon/core/compact.h"
#include "daemon/core/flow.h"
#include "daemon/core/gap.h"
#include "daemon/core/logbook.h"
#include "daemon/core/node.h"
#include "daemon/core/peer/status.h"
#include "daemon/core/peer/sync.h"
#include "daemon/core/trust/keyring.h"
#include "daemon/core/view/vault.h"
#include "proto/local.pb-c.h"
#include "proto/status.h"

enum node_state {
	NODE_EMPTY,	 /* no vault yet */
	NODE_RECOVERING, /* neither, but a part of one for who has the kit */
	NODE_JOINING,	 /* keys are here, our ADD is not */
	NODE_LOCKED,
	NODE_UNLOCKED,
	NODE_KEEPER,
};

struct client {
	uint32_t conn;	      /* 0: free */
	uint32_t fresh_kind;  /* the passphrase was given again for this */
	uint64_t fresh_until; /* mono ms */
	bool export_told;     /* it stands in the log, since then */
	bool events;	      /* wants EventInfo replies */
	uint32_t events_id;
};

/* A row read back: the item's row and its blob, copied. */
struct cached {
	uint32_t item;
	uint8_t *row, *blob;
	size_t row_len, blob_len;
};

/* What a handler says when it returns. Negative: the node is dead. */
enum call_result {
	CALL_DONE = 0, /* the last reply is out */
	CALL_LOAD,     /* run again when call->need is read */
	CALL_INDEX,    /* run again when the list of accounts is complete */
	CALL_PARK,     /* run again after every step, until it says otherwise */
	CALL_KDF,      /* run again when call->kdf is made */
};

#define CALL_LATE (-1)

struct call {
	struct call *next;
	uint32_t number; /* token of its loads and KDFs */
	uint32_t conn;
	Fob__Request *request; /* in secret memory */
	struct budget budget;
	uint64_t deadline; /* mono ms; UINT64_MAX: none */
	enum call_result waits;
	int stage;   /* the handler's own */
	bool queued; /* its passphrase waits for another's */
	struct cached *cache;
	size_t n_cache, cap_cache;
	uint32_t *need; /* items to load */
	size_t n_need, cap_need;
	uint8_t *kdf; /* KEY_SIZE, secret memory, or NULL */
	uint32_t passes;
	struct slot *slot; /* being made or tried, owned */
	uint32_t *watch;   /* items whose copies are counted */
	size_t n_watch;
	Fob__Reply *answer; /* kept until copies are there */
	uint8_t *seed;	    /* init: recovery seed, secret memory */
};

/* A device's address given by hand. */
struct by_hand {
	uint8_t device[DEVICE_ID_SIZE];
	char address[64];
};

/* Dialing one device. */
struct dial {
	uint32_t conn;	/* under way, or 0 */
	uint64_t next;	/* mono ms; not before */
	uint64_t delay; /* ms */
	uint32_t tried; /* which of its addresses comes next */
};

/* An item stored in this step, for peers and acknowledgements. */
struct fresh {
	uint32_t item;
	uint32_t conn; /* of the peer that sent it; 0: our own */
};

/* Items being read for one peer. */
struct serving {
	uint32_t conn;
	uint32_t items[ITEMS_PER_MESSAGE];
	size_t n;
};

/* An item and the key of its row. */
struct by_seq {
	uint32_t seq, item;
};

/* An item row of the store that waits for its author's. */
struct parked {
	uint32_t seq;
	bool blob;
	uint8_t *row; /* owned */
	size_t n;
};

struct invite;
struct join;
struct recover;
struct rescue_line;
struct rescue_lines;
struct snapshot_job;
struct migration;
struct reset;
struct vouch;

struct node {
	struct node_config config;
	enum node_state state;
	bool started;
	uint64_t mono; /* of the event at hand */
	int64_t wall;
	uint64_t stamp; /* hybrid clock, ms */

	struct set set;
	struct roster roster;
	struct keyring keyring;
	struct vault vault;
	uint32_t seen_heads;   /* set.n_heads at the last evaluation */
	uint64_t stored_bytes; /* rows and blobs */
	struct by_seq *by_seq; /* while rows come in, in their order */
	size_t n_by_seq, cap_by_seq;
	struct parked *parked; /* rows whose author was not known yet */
	size_t n_parked;
	bool seeded; /* the set's indexes are keyed */

	struct device_keys *self; /* secret memory; NULL: none */
	uint8_t *unlock_key;	  /* secret memory; unlocked only */
	uint8_t *device_row;
	size_t device_row_len;
	uint32_t self_author;
	struct slot slots[SLOTS_MAX];
	size_t n_slots;
	uint8_t next_slot;
	char name[DEVICE_NAME_MAX + 1];
	struct net_secret nets[EFFECT_PSKS];
	size_t n_nets;
	char (*addresses)[64]; /* ours */
	size_t n_addresses;

	uint64_t last_use;	/* mono ms; for the idle lock */
	uint32_t failures;	/* wrong passphrases in a row */
	uint64_t failure_until; /* mono ms */
	bool kdf_busy;

	struct client clients[CLIENTS_MAX];
	struct call *calls;
	uint32_t next_call;

	/* Authors that came back revoked and were told: the latest last. */
	uint32_t told[DENIED_MAX];
	size_t n_told;

	struct sync sync;
	struct serving serving[PEERS_MAX];
	uint64_t soft_at; /* mono ms: when masks go to disk; 0: not planned */
	struct statuses statuses;
	struct by_hand *by_hand;
	size_t n_by_hand;
	struct dial *dials; /* parallel to set.authors */
	size_t n_dials;
	uint32_t next_dial;
	bool status_owed;
	uint64_t status_at; /* mono ms */
	uint64_t keys_at;   /* mono ms: when a debt of keys is paid; 0: none */
	uint64_t keys_rest; /* mono ms: not before */

	struct gaps gaps;
	struct compact compact;
	struct logbook logbook;
	struct flow flow;
	struct fresh *fresh;
	size_t n_fresh, cap_fresh;
	uint32_t *dirty; /* records to index again */
	size_t n_dirty, cap_dirty;
	uint8_t *is_dirty; /* a byte for each record */
	size_t cap_is_dirty;
	uint32_t *indexing; /* records whose items are being read */
	size_t n_indexing;
	uint32_t check_cursor, check_first;
	uint64_t check_at; /* mono ms; 0: nothing is to be checked */
	bool checking;
	uint32_t n_damaged; /* rows that the check found so, since the start */

	uint8_t *told_forked; /* a byte for each author: was it told? */
	uint32_t n_told_forked;
	bool told_poisoned, told_frozen, told_lost, told_gap;

	struct invite *invite;
	struct join *join;
	struct reset *reset; /* new keys of ours that wait; secret memory */
	struct vouch *vouch; /* new keys of others */
	uint32_t dead_codes;
	uint64_t invite_rest; /* mono ms: no new code before */

	uint64_t drill;	      /* ms since 1970: the kit was proven; 0: never */
	uint64_t snapshot_at; /* ms since 1970: the last one made; 0: none */
	struct recover *recover;     /* secret memory */
	uint8_t begun[2 * KEY_SIZE]; /* of RECOVERING: the kit's public keys */
	struct rescue_lines *lines;  /* NULL: none so far */
	struct snapshot_job *snapshots;
	struct migration *migration; /* NULL: none under way */
};

struct step {
	struct node *node;
	const struct event *event;
	struct effects *effects;
	uint64_t draws;
};

/* --- node.c --- */
void step_random(struct step *step, void *ret, size_t n);
void step_trace(struct step *step, enum trace_what what, const uint8_t *device,
		const uint8_t *item, uint64_t number);
void step_put_local(struct step *step, const char *key, struct bytes value);
void step_delete_local(struct step *step, const char *key);
bool node_may_read(const struct node *node);  /* unlocked */
bool node_has_vault(const struct node *node); /* it is a device of one */
/* The next stamp of the hybrid clock; old: greatest stamp replaced. */
uint64_t node_stamp(struct node *node, uint64_t old);
/* The device's name as people know it; static "?" when there is none. */
const char *node_device_name(const struct node *node, uint32_t author);

/* --- start.c --- */
int start_row(struct step *step);
int start_begin(struct step *step);
/* Tells the driver the keys of the channels, again. */
int start_channel_keys(struct step *step);
/* After self and unlock_key are set. */
int node_unlock(struct step *step);
void node_lock(struct step *step);

/* --- take.c --- */
struct take {
	struct bytes body, signature, blob;
	uint32_t conn; /* of the peer; 0: our own */
};
/* Parses, authenticates, stores. 0, SET_ERR_*, or -ITEM_ERR... see TAKE_. */
#define TAKE_MALFORMED 16 /* an item that breaks a rule */
#define TAKE_LATER 17	  /* more than the store takes in now */
int take_item(struct step *step, const struct take *take, uint32_t *ret_index);
/* After items came: evaluation, keys, index, debts. 0 or negative errno. */
int take_settle(struct step *step);
/* An item row of the store, taken apart; points into row. */
struct item_row {
	bool checked;
	uint32_t first_seen;
	struct bytes signature, body;
};
bool item_row_parse(struct bytes row, struct item_row *ret);
void item_row_key(uint8_t ret[static 4], uint32_t seq);
int item_row_put(struct step *step, uint32_t seq, const struct item_row *row);

/* --- write.c --- */
enum { WRITE_ERR_REFUSED = 1, WRITE_ERR_NO_KEY, WRITE_ERR_LARGE };
/* Author, prev, roster and time are filled in; head's payload is the caller's. */
int write_head(struct step *step, Fob__Head *head, struct bytes blob,
	       uint32_t *ret_index);
/* The current recovery key that this kit holds, or NULL. */
const struct set_recovery *write_kit(const struct node *node,
				     const struct kit *kit);
/* In the name of the recovery key: author and generation are filled in. */
int write_by_kit(struct step *step, Fob__Head *head, const struct kit *kit,
		 uint32_t *ret_index);
struct entry_write {
	uint32_t group;
	uint8_t record[RECORD_ID_SIZE];
	const uint32_t *parents; /* items */
	size_t n_parents;
};
/* 0, WRITE_ERR_*, RECORD_ERR_FULL + 16, negative errno. */
int write_entry(struct step *step, const struct entry_write *what,
		const struct record *record, uint32_t *ret_index);
int write_key(struct step *step, uint32_t group, uint32_t also_for);
/* Grants the write key of every group that it reads to a device. */
int write_grants(struct step *step, uint32_t author);
/* Pays what is owed for a group, so that it can be written. */
int write_debts(struct step *step, uint32_t group);

/* --- load.c --- */
#define LOAD_INDEX 1u
#define LOAD_CHECK 2u
#define LOAD_SERVE 0x100u  /* plus the peer's slot */
#define LOAD_CALL 0x10000u /* and up: a call's number */
int load_items(struct step *step, uint32_t token, const uint32_t *items,
	       size_t n);
int load_event(struct step *step); /* EVENT_LOADED */
const struct loaded *load_find(const struct event *event, uint32_t seq);
/* Signatures of unchecked items, a few at a time, when idle. */
int load_check(struct step *step);

/* --- index.c --- */
int index_mark(struct node *node, uint32_t record);
int index_mark_all(struct node *node);
int index_work(struct step *step); /* asks for what is dirty */
int index_loaded(struct step *step);
bool index_complete(const struct node *node);

/* --- call.c --- */
int call_message(struct step *step); /* EVENT_CLIENT */
void call_client_gone(struct step *step);
int call_run(struct step *step, struct call *call);
/* Runs again those that wait for this. */
int call_run_waiting(struct step *step, enum call_result waits);
struct call *call_find(struct node *node, uint32_t number);
int call_loaded(struct step *step, struct call *call);
int call_timeouts(struct step *step);
uint64_t call_deadline(const struct node *node);
void call_free_all(struct node *node);
struct client *call_client(struct node *node, uint32_t conn);
int call_reply(struct step *step, const struct call *call, Fob__Reply *reply);
/* A reply with a status and a message; returns CALL_DONE or -ENOMEM. */
int call_fail(struct step *step, struct call *call, enum status status,
	      const char *format, ...) __attribute__((format(printf, 4, 5)));
int call_ok(struct step *step, struct call *call);
/* Answers that this device was revoked, by whom and when. */
int call_revoked(struct step *step, struct call *call);
struct saying;
void call_revoked_text(const struct node *node, struct saying *ret);
int call_need(struct step *step, struct call *call, uint32_t need,
	      uint32_t confirm);
/* The merge of a record's current versions. 0, CALL_LOAD, or negative. */
struct opened {
	struct record record;
	bool valid; /* record is there */
	struct record_versions versions;
	bool unreadable; /* some version does not open here */
};
void opened_deinit(struct opened *opened);
#define AUTO_OPENED CLEANUP(opened_deinit)
int call_open(struct step *step, struct call *call, uint32_t record,
	      struct opened *ret);
/* One version alone. 0, CALL_LOAD, KEYRING_ERR_* + 16, or negative. */
int call_open_item(struct step *step, struct call *call, uint32_t item,
		   struct record *ret);
/* An item to be read before it is run again; returns CALL_LOAD. */
int call_want(struct call *call, uint32_t item);
/* Asks for the slot's key from a passphrase; returns CALL_KDF or CALL_PARK. */
int call_kdf(struct step *step, struct call *call, struct bytes passphrase,
	     const struct slot *slot);
void call_cache_clear(struct call *call);
int call_event(struct step *step); /* EVENT_KDF */
/* To all clients that listen. */
void call_tell(struct step *step, const char *type, struct bytes subject,
	       const char *text);

/* --- request.c: the table of what clients may ask --- */
struct request {
	const char *name;
	int (*handle)(struct step *step, struct call *call);
	bool vault; /* a vault must be there */
	bool unlocked;
	bool index;	  /* needs the list of accounts */
	bool write;	  /* refused when this device is revoked */
	bool keeper;	  /* a keeper may, too */
	bool use;	  /* counts as use: the idle lock waits */
	uint32_t confirm; /* kind of fresh passphrase, or 0 */
};
const struct request *request_of(const Fob__Request *request);

/* --- peer.c --- */
int peer_event(struct step *step);
int peer_flush(struct step *step);	/* what sync wants to say */
int peer_fresh(struct step *step);	/* items of this step, to the others */
int peer_membership(struct step *step); /* ends sessions of the revoked */
int peer_timers(struct step *step);
uint64_t peer_deadline(const struct node *node);
int peer_copies(const struct node *node, uint32_t item, bool keepers);
int peer_serve(struct step *step, uint32_t slot);
int peer_served(struct step *step, uint32_t slot);
int peer_soft(struct step *step);
/* This device is out by its own hand: tells those connected, and ends. */
int peer_leave(struct step *step);
/* The one address by hand of a device, kept and dialed at once. */
int peer_by_hand(struct step *step, uint32_t author, const char *address);

void peer_close(struct step *step, uint32_t conn);
/* Forgets a session; its device is dialed again after a while. */
void peer_end(struct step *step, struct sync_peer *peer);

/* A message as it came, from a channel or a line. */
int peer_message(struct step *step, uint32_t conn, struct bytes message);
/* A session with whoever holds the kit, or with who serves us for it. */
struct sync_peer *peer_rescue(struct step *step, uint32_t conn,
			      const uint8_t hash[static 32], bool dialed);

/* --- rescue.c: connections for recovery --- */
/* Is it one of those? */
struct rescue_line *rescue_line(const struct node *node, uint32_t conn);
int rescue_event(struct step *step, struct rescue_line *line);
int rescue_up(struct step *step);
int rescue_dial(struct step *step, const char *address, uint32_t *ret_conn);
void rescue_say(struct step *step, struct rescue_line *line,
		struct bytes message);
void rescue_hang_up(struct step *step, struct rescue_line *line);
int rescue_timeouts(struct step *step);
uint64_t rescue_due(const struct node *node);
void rescue_free(struct node *node);

/* --- recover.c --- */
/* Rows of a recovery wait in memory until its end; called last in a step. */
int recover_settle(struct step *step);
bool recover_gathers(const struct node *node);

/* --- dial.c --- */
int dial_reserve(struct node *node); /* a dial for each author */
/* It came to nothing, or ended: again after a delay that grows. */
void dial_later(struct step *step, struct dial *dial);
/* A session ended that was up for so many ms: may the delay begin anew? */
void dial_worked(struct dial *dial, uint64_t lived);
/* This one reached ourselves, or nobody of ours: not again for a minute. */
void dial_rest(struct step *step, uint32_t conn);

/* --- statement.c --- */
int statement_take(struct step *step, struct sync_peer *peer,
		   const Fob__Statuses *statuses);
/* All that we know, once in a session, when there is time for it. */
int statement_greet(struct step *step, struct sync_peer *peer);
int statement_make(struct step *step); /* our own, anew */
/* The same, given to nobody: the length of the row. */
size_t statement_row(struct step *step, uint8_t ret[static STATUS_ROW_MAX]);
/* One that came by another way, if it is genuine and newer. */
int statement_keep(struct step *step, struct bytes packed);

/* --- alarm.c --- */
int alarm_settle(struct step *step);

/* --- debt.c --- */
int debt_settle(struct step *step);

/* --- invite.c, join.c --- */
int meet_event(struct step *step);
int meet_timeouts(struct step *step);
uint64_t meet_deadline(const struct node *node);
void meet_free(struct node *node);
void meet_call_gone(struct step *step, uint32_t number);
int join_progress(struct step *step); /* is the first sync complete? */

/* --- ask_slots.c: what opens this device --- */
int vault_slot_new(struct step *step, struct call *call, uint8_t type);
int vault_slot_add(struct step *step, struct call *call,
		   const uint8_t slot_secret[static KEY_SIZE]);
struct slot *vault_slot_find(struct node *node, uint8_t type); /* or NULL */
/*
 * The unlock key out of the slot of a security key. 0; 1: that is not its
 * secret; 2: no such slot.
 */
int vault_slot_fido2(struct node *node, const Fob__Fido2Secret *fido2,
		     uint8_t ret_unlock_key[static KEY_SIZE]);

/* Rows of all slots of another node of this device. */
void vault_slots_copy(struct step *step, const struct node *from);

/* --- ask_vault.c: what a new device needs, for init and join --- */
int vault_device_new(struct step *step);
/* GENESIS, device keys, main's key: unlocked. unlock_key NULL: a new one. */
int vault_make(struct step *step, const char *name, const struct kit *kit,
	       const uint8_t *unlock_key);
/* Says why nothing else can be made or brought here. */
int vault_is_here(struct step *step, struct call *call);
void vault_name(struct step *step, const char *name);
int vault_name_check(struct step *step, struct call *call, const char *name);
int vault_opener_check(struct step *step, struct call *call,
		       const ProtobufCBinaryData *passphrase,
		       const ProtobufCBinaryData *key_file);

/* --- ask_*.c --- */
int ask_hello(struct step *step, struct call *call);
int ask_status(struct step *step, struct call *call);
int ask_init(struct step *step, struct call *call);
int ask_unlock(struct step *step, struct call *call);
int ask_lock(struct step *step, struct call *call);
int ask_confirm(struct step *step, struct call *call);
int ask_slots(struct step *step, struct call *call);
int ask_add(struct step *step, struct call *call);
int ask_list(struct step *step, struct call *call);
int ask_show(struct step *step, struct call *call);
int ask_code(struct step *step, struct call *call);
int ask_edit(struct step *step, struct call *call);
int ask_remove(struct step *step, struct call *call);
int ask_trash(struct step *step, struct call *call);
int ask_history(struct step *step, struct call *call);
int ask_revert(struct step *step, struct call *call);
int ask_resolve(struct step *step, struct call *call);
int ask_invite(struct step *step, struct call *call);
int ask_approve(struct step *step, struct call *call);
int ask_join(struct step *step, struct call *call);
int ask_devices(struct step *step, struct call *call);
int ask_rename(struct step *step, struct call *call);
int ask_peer(struct step *step, struct call *call);
int ask_sync(struct step *step, struct call *call);
int ask_wait(struct step *step, struct call *call);
int ask_events(struct step *step, struct call *call);
int ask_revoke(struct step *step, struct call *call);
int ask_lift(struct step *step, struct call *call);
int ask_rotate(struct step *step, struct call *call);
int ask_quarantine(struct step *step, struct call *call);
int ask_doctor(struct step *step, struct call *call);
int ask_backup(struct step *step, struct call *call);
int ask_apart(struct step *step, struct call *call);
int ask_exported(struct step *step, struct call *call);
int ask_migrate(struct step *step, struct call *call);
int ask_purge(struct step *step, struct call *call);
int ask_group(struct step *step, struct call *call);
int ask_log(struct step *step, struct call *call);
/* A snapshot left whole: kept, so that doctor knows. */
void doctor_snapshot_made(struct step *step);
void doctor_snapshot_row(struct node *node, struct bytes row);
int ask_kit(struct step *step, struct call *call);
int ask_snapshot(struct step *step, struct call *call);
int ask_recover(struct step *step, struct call *call);
int ask_reset(struct step *step, struct call *call);
int ask_vouch(struct step *step, struct call *call);

/* Why a REVOKE was written. */
enum { REVOKE_LOST = 0, REVOKE_RENEWED = 1 };

/* --- ask_revoke.c: the kit out of a seed; 0, or 1 when it was replied --- */
int revoke_kit(struct step *step, struct call *call,
	       const ProtobufCBinaryData *seed, struct kit *ret);
/* All that is known of the device counts, and nothing after. By the kit. */
int revoke_by_kit(struct step *step, uint32_t device, const struct kit *kit);
/* The same for keys that others have replaced; kit NULL: in our own name. */
int revoke_replaced(struct step *step, uint32_t device, const struct kit *kit);
/* New keys for all groups whose present one the revoked know. */
int revoke_rotate(struct step *step);

/* --- ask_device.c: what others need of devices --- */
/* A member by name, id or id prefix. 0, or 1 when it was replied. */
int device_find(struct step *step, struct call *call, const char *text,
		uint32_t *ret);

#endif
