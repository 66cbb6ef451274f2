#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/driver.h"
#include "daemon/host/clock.h"
#include "daemon/host/kdf.h"
#include "daemon/host/log.h"
#include "proto/secret.h"

#define SOFT_MAX 8192 /* rows that wait; more are written at once */

void carry_move(struct effects *list, struct effect *effect)
{
	struct effect *moved = effects_add(list, effect->type);

	if (list->failed)
		driver_die("holding back what waits for the disk", -ENOMEM);
	*moved = *effect;
	effect->data = NULL;
	effect->data_len = 0;
}

static struct bytes key_of(const struct effect *effect)
{
	return (struct bytes){ effect->key, effect->key_len };
}

static struct bytes data_of(const struct effect *effect)
{
	return (struct bytes){ effect->data, effect->data_len };
}

/* --- rows ------------------------------------------------------------------- */

void carry_soft(struct driver *driver)
{
	for (size_t i = 0; i < driver->soft.n; i++) {
		const struct effect *effect = &driver->soft.list[i];
		store_put(driver->store, effect->table, key_of(effect),
			  data_of(effect));
	}
	effects_clear(&driver->soft);
	driver->soft_due = UINT64_MAX;
}

static void hold_soft(struct driver *driver, struct effect *effect)
{
	if (driver->soft.n == 0)
		driver->soft_due = clock_mono() + SOFT_WRITE_MS;
	carry_move(&driver->soft, effect);
	if (driver->soft.n >= SOFT_MAX)
		carry_soft(driver);
}

static void write_row(struct driver *driver, struct effect *effect)
{
	/* A soft row of the same table that came earlier is not to win. */
	if (driver->soft.n &&
	    (effect->table == TABLE_HOLDER || effect->table == TABLE_STATUS))
		carry_soft(driver);
	if (effect->table == TABLE_ITEM)
		snapshots_changed(driver);
	if (effect->type == EFFECT_PUT)
		store_put(driver->store, effect->table, key_of(effect),
			  data_of(effect));
	else
		store_delete(driver->store, effect->table, key_of(effect));
}

/* --- passphrases ------------------------------------------------------------ */

static void next_kdf(struct driver *driver);

static void on_kdf(void *owner, void *arg)
{
	struct driver *driver = owner;
	struct kdf *kdf = arg;

	driver->kdf_runs = false;
	if (driver->kdf_lost) {
		driver->kdf_lost = false;
		kdf_free(kdf);
		next_kdf(driver);
		return;
	}
	if (kdf->error)
		driver_die("not enough memory to work on the passphrase",
			   kdf->error);
	struct event event = driver_event(EVENT_KDF);
	event.token = kdf->token;
	event.passes = kdf->passes;
	memcpy(event.kdf, kdf->key, sizeof(event.kdf));
	kdf_free(kdf);
	driver_feed(driver, &event);
	sodium_memzero(&event, sizeof(event));
	next_kdf(driver);
}

static void next_kdf(struct driver *driver)
{
	struct effects *list = &driver->kdfs;

	if (driver->kdf_runs || list->n == 0 || driver->stopping)
		return;
	struct effect *first = &list->list[0];
	struct kdf *kdf = kdf_new(first->data, first->data_len);
	first->data = NULL; /* taken, or wiped */
	if (!kdf)
		driver_die("no memory for a passphrase", -ENOMEM);
	memcpy(kdf->salt, first->salt, sizeof(kdf->salt));
	kdf->memory = first->memory;
	kdf->passes = first->passes;
	kdf->token = first->token;
	list->n--;
	memmove(list->list, list->list + 1, list->n * sizeof(list->list[0]));
	driver->kdf_runs = true;
	int rc = loop_work(driver->loop, kdf_run, on_kdf, kdf);
	if (rc)
		driver_die("no thread for a passphrase", rc);
}

/* --- at once ---------------------------------------------------------------- */

static void take_keys(struct driver *driver, const struct effect *effect)
{
	const struct effect_keys *from = (const void *)effect->data;
	struct channel_keys *keys;

	REQUIRE(effect->data_len == sizeof(*from));
	REQUIRE(from->n_psks <= CHANNEL_PSKS_MAX &&
		from->n_denied <= DENIED_MAX);
	keys = driver->keys ? driver->keys : secret_alloc(sizeof(*keys));
	if (!keys)
		driver_die("no locked memory for keys", -ENOMEM);
	sodium_memzero(keys, sizeof(*keys));
	memcpy(keys->secret, from->transport_secret, KEY_SIZE);
	memcpy(keys->public, from->transport_public, KEY_SIZE);
	memcpy(keys->vault_id, from->vault_id, ID_SIZE);
	keys->n_psks = from->n_psks;
	for (size_t i = 0; i < from->n_psks; i++) {
		memcpy(keys->psks[i].id, from->psks[i].id, CHANNEL_PSK_ID_SIZE);
		memcpy(keys->psks[i].key, from->psks[i].key, KEY_SIZE);
	}
	keys->n_denied = from->n_denied;
	memcpy(keys->denied, from->denied, sizeof(keys->denied));
	driver->keys = keys;
}

static void carry_one(struct driver *driver, struct effect *effect)
{
	switch (effect->type) {
	case EFFECT_PUT:
	case EFFECT_DELETE:
		write_row(driver, effect);
		return;
	case EFFECT_SOFT_PUT:
		hold_soft(driver, effect);
		return;
	case EFFECT_CLEAR:
		effects_clear(&driver->soft);
		store_clear(driver->store);
		return;
	case EFFECT_NEXT_PUT:
		store_next_put(driver->store, effect->table, key_of(effect),
			       data_of(effect));
		return;
	case EFFECT_NEXT_END:
		memcpy(driver->next_name, effect->address,
		       sizeof(driver->next_name));
		return;
	case EFFECT_NEXT_DROP:
		store_next_drop(driver->store);
		return;
	case EFFECT_LOAD:
		carry_move(&driver->loads, effect);
		return;
	case EFFECT_KDF:
		carry_move(&driver->kdfs, effect);
		next_kdf(driver);
		return;
	case EFFECT_KEYS:
		take_keys(driver, effect);
		return;
	case EFFECT_TIMER:
		driver->node_due = effect->number;
		return;
	case EFFECT_TRACE:
		trace_log(&effect->trace);
		return;
	default:
		carry_move(&driver->held, effect);
	}
}

void carry_step(struct driver *driver)
{
	for (size_t i = 0; i < driver->effects.n; i++) {
		struct effect *effect = &driver->effects.list[i];
		if (driver->starting && effect->type != EFFECT_TRACE)
			carry_move(&driver->late, effect);
		else
			carry_one(driver, effect);
	}
	effects_clear(&driver->effects);
}

void carry_late(struct driver *driver)
{
	for (size_t i = 0; i < driver->late.n; i++)
		carry_one(driver, &driver->late.list[i]);
	effects_deinit(&driver->late);
}

/* --- after the commit ------------------------------------------------------- */

static void send_bytes(struct conn *conn, struct effect *effect)
{
	conn_send(conn, effect->data, effect->data_len, true);
	effect->data = NULL;
}

static void reply(struct driver *driver, struct effect *effect)
{
	if (unlock_reply(driver, effect->conn, data_of(effect)) ||
	    snapshots_reply(driver, effect->conn, data_of(effect)))
		return;
	struct conn *conn = net_find(driver->net, effect->conn);
	if (!conn)
		return; /* it has gone without its answer */
	conn_send_message(conn, effect->data, effect->data_len);
	effect->data = NULL;
}

static void close_conn(struct conn *conn)
{
	if (conn_kind(conn) == CONN_PEER && conn_data(conn))
		peers_close(conn_data(conn));
	else
		conn_finish(conn);
}

static void meet_dial(struct driver *driver, const struct effect *effect)
{
	struct conn *conn;

	int rc = net_open(driver->net,
			  effect->number == 3 ? CONN_RESCUE : CONN_MEET,
			  effect->address, &conn);
	if (rc)
		driver_die("no memory for a connection", rc);
	conn_set_number(conn, effect->conn);
}

static void carry_sent(struct driver *driver, struct effect *effect)
{
	struct conn *conn = net_find(driver->net, effect->conn);

	switch (effect->type) {
	case EFFECT_SEND:
		if (conn)
			peers_send(driver, conn, data_of(effect));
		return;
	case EFFECT_MEET_SEND:
		if (conn)
			send_bytes(conn, effect);
		return;
	case EFFECT_CLOSE:
		if (conn)
			close_conn(conn);
		return;
	case EFFECT_REPLY:
		reply(driver, effect);
		return;
	case EFFECT_DIAL:
		peers_dial(driver, effect);
		return;
	case EFFECT_MEET_DIAL:
		meet_dial(driver, effect);
		return;
	case EFFECT_MEET_LISTEN:
		net_meet(driver->net, effect->number != 0);
		return;
	case EFFECT_WIPE:
		driver->wiping = true;
		return;
	case EFFECT_RENEW:
		driver->renewing = true;
		return;
	default:
		/* All others are carried out at once, never held. */
		REQUIRE(effect->type == EFFECT_WIPE);
	}
}

void carry_held(struct driver *driver)
{
	for (size_t i = 0; i < driver->held.n; i++) {
		driver->held.list[i].secret = true;
		carry_sent(driver, &driver->held.list[i]);
	}
	effects_clear(&driver->held);
}
