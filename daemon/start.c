#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/driver.h"
#include "daemon/host/log.h"
#include "daemon/host/notify.h"
#include "daemon/host/paths.h"
#include "proto/secret.h"

/* --- what the loop and the connections tell --------------------------------- */

static void on_turn(void *owner)
{
	driver_turn(owner);
}

static void on_alarm(void *owner)
{
	driver_alarm(owner);
}

static void reload(struct driver *driver)
{
	AUTO_FREE struct config *fresh = malloc(sizeof(*fresh));

	if (!fresh)
		return;
	if (config_again(driver->config, fresh)) {
		log_error("%s; going on with what was set before",
			  fresh->message);
		return;
	}
	log_set_level(fresh->log_level);
	log_info("read %s again: the log level is set; everything else waits "
		 "for a restart",
		 fresh->file[0] ? fresh->file : "options");
}

static void on_signal(void *owner, int number)
{
	if (number == SIGHUP)
		reload(owner);
	else
		start_stop(owner);
}

static void feed_conn(struct driver *driver, enum event_type type,
		      struct conn *conn, struct bytes data)
{
	struct event event = driver_event(type);

	event.conn = conn_number(conn);
	event.data = data;
	event.dialed = conn_dialed(conn) && !conn_came_up(conn);
	event.rescue = conn_kind(conn) == CONN_RESCUE;
	driver_feed(driver, &event);
}

/* Their handshakes are the core's. */
static bool is_meeting(const struct conn *conn)
{
	return conn_kind(conn) == CONN_MEET || conn_kind(conn) == CONN_RESCUE;
}

static void on_up(void *owner, struct conn *conn)
{
	struct driver *driver = owner;

	if (conn_kind(conn) == CONN_PEER) {
		peers_up(driver, conn);
		return;
	}
	if (!conn_dialed(conn))
		conn_set_number(conn, driver_number(driver));
	if (is_meeting(conn))
		feed_conn(driver, EVENT_MEET_UP, conn,
			  (struct bytes){ NULL, 0 });
}

static void on_bytes(void *owner, struct conn *conn, struct bytes bytes)
{
	struct driver *driver = owner;

	if (conn_kind(conn) == CONN_PEER)
		peers_bytes(driver, conn, bytes);
	else if (is_meeting(conn))
		feed_conn(driver, EVENT_MEET_BYTES, conn, bytes);
	else
		feed_conn(driver, EVENT_CLIENT, conn, bytes);
}

static void on_down(void *owner, struct conn *conn, int error)
{
	struct driver *driver = owner;

	if (error)
		log_debug("%s: %s",
			  conn_remote(conn)[0] ? conn_remote(conn) : "a client",
			  strerror(-error));
	if (conn_kind(conn) == CONN_PEER)
		peers_down(driver, conn);
	else
		feed_conn(driver,
			  is_meeting(conn) ? EVENT_MEET_DOWN :
					     EVENT_CLIENT_GONE,
			  conn, (struct bytes){ NULL, 0 });
}

static const struct loop_events loop_events = { on_turn, on_alarm, on_signal };
static const struct net_events net_events = { on_up, on_bytes, on_down };

/* --- sockets ---------------------------------------------------------------- */

static int complain(const char *what, int error)
{
	switch (error > 0 ? (enum net_error)error : 0) {
	case NET_ERR_ADDRESS:
		log_error("%s: not an address of the form ADDR:PORT, with "
			  "numbers and no names, as in 192.0.2.1:47362 or "
			  "[::]:47362",
			  what);
		break;
	case NET_ERR_RUNNING:
		log_error("%s: already running: another fobd answers at this "
			  "socket",
			  what);
		break;
	case NET_ERR_DEEP:
		log_error("%s: the path is too long for a socket (at most 107 "
			  "bytes); choose a shorter one with --socket",
			  what);
		break;
	case NET_ERR_FOLDER:
		log_error("%s: the folder of the socket has to be ours, and "
			  "nobody else may write to it",
			  what);
		break;
	case NET_ERR_FILE:
		log_error("%s: there is a file of that name that is no socket",
			  what);
		break;
	default:
		log_error("%s: %s", what, strerror(-error));
	}
	return 1;
}

static int listen_one(struct driver *driver, const char *address)
{
	int rc = net_listen(driver->net, address);

	/* A machine without IPv6 is listened to on the other one. */
	if ((rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL) &&
	    strcmp(address, CONFIG_LISTEN_DEFAULT) == 0)
		rc = net_listen(driver->net, "0.0.0.0:47362");
	if (rc == -EADDRINUSE) {
		log_error("%s: another program listens there; choose another "
			  "address with --listen, or --no-listen",
			  address);
		return 1;
	}
	return rc ? complain(address, rc) : 0;
}

/* Sockets that systemd has opened come instead of those of the options. */
static int take_given(struct driver *driver, bool *ret_local, bool *ret_tcp)
{
	struct notify_fd given[NOTIFY_FDS_MAX];
	size_t n = notify_sockets(given);
	bool local = false, tcp = false;

	for (size_t i = 0; i < n; i++) {
		int rc = given[i].is_unix ?
				 net_local_fd(driver->net, given[i].fd) :
				 net_listen_fd(driver->net, given[i].fd);
		if (rc)
			return complain(given[i].name, rc);
		local |= given[i].is_unix;
		tcp |= !given[i].is_unix;
	}
	*ret_local = local;
	*ret_tcp = tcp;
	return 0;
}

static int open_sockets(struct driver *driver)
{
	const struct config *config = driver->config;
	bool local, tcp;

	if (take_given(driver, &local, &tcp))
		return 1;
	for (size_t i = 0; i < config->n_listen && !tcp; i++)
		if (listen_one(driver, config->listen[i]))
			return 1;
	if (local) {
		log_info("clients come by the socket that was handed over");
		return 0;
	}
	int rc = net_local(driver->net, config->socket);
	if (rc)
		return complain(config->socket, rc);
	log_info("clients come to %s", config->socket);
	return 0;
}

static void tell_addresses(struct driver *driver)
{
	char found[ADDRESSES_MAX][NET_ADDRESS];
	const char *texts[ADDRESSES_MAX];
	struct event event = driver_event(EVENT_LISTENING);
	size_t n = net_addresses(driver->net, found, ADDRESSES_MAX);

	for (size_t i = 0; i < n; i++) {
		texts[i] = found[i];
		log_info("listening on %s", found[i]);
	}
	event.addresses = texts;
	event.n_addresses = n;
	driver_feed(driver, &event);
}

/* --- rows ------------------------------------------------------------------- */

struct feeding {
	struct driver *driver;
	enum table table;
};

static int feed_row(void *owner, struct bytes key, struct bytes value)
{
	const struct feeding *feeding = owner;
	struct event event = driver_event(EVENT_ROW);
	struct bytes blob;

	event.table = feeding->table;
	event.key = key;
	event.data = value;
	/* Of an item: is its blob here? The blob itself stays on disk. */
	if (feeding->table == TABLE_ITEM)
		event.token = store_get(feeding->driver->store, TABLE_BLOB, key,
					&blob) == 0;
	driver_feed(feeding->driver, &event);
	return 0;
}

static int feed_table(struct driver *driver, enum table table)
{
	struct feeding feeding = { driver, table };
	size_t bad = 0;

	int rc = store_scan(driver->store, table, feed_row, &feeding, &bad);
	store_release(driver->store);
	if (rc) {
		log_error("%s: reading: %s", store_vault(driver->store),
			  strerror(-rc));
		return 1;
	}
	if (bad && table == TABLE_LOCAL) {
		log_error("%s: %s", store_vault(driver->store),
			  store_error_text(STORE_ERR_DAMAGED));
		return 1;
	}
	if (bad)
		log_warn("%zu damaged rows left out; they are made again", bad);
	return 0;
}

static int feed_rows(struct driver *driver)
{
	static const enum table order[] = { TABLE_ITEM, TABLE_LOCAL,
					    TABLE_STATUS, TABLE_HOLDER };

	driver->starting = true;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (feed_table(driver, order[i]))
			return 1;
	driver->starting = false;
	int rc = store_rest(driver->store);
	if (rc) {
		log_error("%s: %s", store_vault(driver->store), strerror(-rc));
		return 1;
	}
	carry_late(driver);
	struct event event = driver_event(EVENT_START);
	driver_feed(driver, &event);
	return 0;
}

/* --- all of it -------------------------------------------------------------- */

static int open_store(struct driver *driver)
{
	const char *vault = driver->config->vault;
	int rc = store_open(vault, &driver->store);

	if (rc == 0)
		return 0;
	log_error("%s: %s", vault,
		  rc > 0 ? store_error_text(rc) : strerror(-rc));
	return 1;
}

/* Two machines that write one store by turns have none in the end. */
static bool warn_synced(const char *vault)
{
	char top[PATHS_BYTES];

	if (!paths_synced(vault, top))
		return false;
	log_warn("%s lies in %s, which another program keeps equal on several "
		 "machines: that damages the vault, and fob keeps it on all "
		 "devices by itself; choose another folder with --vault",
		 vault, top);
	return true;
}

static int make_node(struct driver *driver)
{
	struct node_config config = {
		.keeper = driver->config->keeper,
		.synced = warn_synced(driver->config->vault),
		.idle_lock_ms = driver->config->keeper ?
					0 :
					driver->config->idle_lock * 1000,
		.version = FOB_VERSION,
	};
	const char *folder = driver->config->vault;

	if (strlen(folder) < sizeof(config.folder))
		memcpy(config.folder, folder, strlen(folder) + 1);
	driver->node = node_new(&config);
	return driver->node ? 0 : -ENOMEM;
}

static int open_node(struct driver *driver)
{
	int rc = make_node(driver);

	if (!rc)
		rc = loop_new(&driver->loop, &loop_events, driver);
	if (!rc)
		rc = net_new(&driver->net, driver->loop, &net_events, driver);
	if (rc)
		log_error("cannot start: %s", strerror(-rc));
	return rc ? 1 : 0;
}

static void drop_node(struct driver *driver)
{
	struct effects *const lists[] = { &driver->effects, &driver->held,
					  &driver->soft,    &driver->late,
					  &driver->loads,   &driver->kdfs };

	snapshots_end(driver);
	node_free(driver->node);
	driver->node = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		effects_deinit(lists[i]);
	secret_free(driver->keys);
	driver->keys = NULL;
}

/* What a driver has before its node has said anything. */
static void begin(struct driver *driver)
{
	driver->node_due = driver->soft_due = driver->armed = UINT64_MAX;
	driver->unlock = (struct unlock){ .number = 0 };
	driver->snapshots = (struct snapshots){ .due = UINT64_MAX };
}

/* The start goes on with a node that has its rows. */
static void serve(struct driver *driver)
{
	tell_addresses(driver);
	unlock_begin(driver);
	snapshots_start(driver);
	driver_turn(driver);
}

/* Ends what was begun, when the start has failed. */
static int give_up(struct driver *driver)
{
	if (driver->net)
		net_end(driver->net);
	if (driver->loop) {
		driver->stopping = true;
		loop_stop(driver->loop);
		loop_run(driver->loop);
	}
	start_deinit(driver);
	return 1;
}

int start_driver(struct driver *driver, struct config *config)
{
	memset(driver, 0, sizeof(*driver));
	driver->config = config;
	begin(driver);
	if (open_store(driver) || open_node(driver) || open_sockets(driver) ||
	    feed_rows(driver))
		return give_up(driver);
	serve(driver);
	int rc = notify_send("READY=1");
	if (rc)
		log_warn("cannot tell systemd: %s", strerror(-rc));
	log_info("serving %s", config->vault);
	return 0;
}

void start_stop(struct driver *driver)
{
	if (driver->stopping)
		return;
	notify_send("STOPPING=1");
	driver->soft_due = 0; /* what waits is written now */
	if (!driver->wiping)
		driver_turn(driver);
	driver->stopping = true;
	for (struct peer *p = driver->peers; p; p = p->next)
		peers_close(p);
	net_end(driver->net);
	loop_stop(driver->loop);
}

void start_again(struct driver *driver)
{
	for (struct peer *p = driver->peers; p; p = p->next)
		peers_close(p);
	net_meet(driver->net, false);
	net_hang_up(driver->net);
	driver->kdf_lost = driver->kdf_runs;
	drop_node(driver);
	begin(driver);
	driver->renewing = false;
	int rc = store_renew(driver->store);
	if (rc)
		driver_die(rc > 0 ? store_error_text(rc) :
				    "the vault could not be opened again",
			   rc > 0 ? -EIO : rc);
	if (make_node(driver) || feed_rows(driver))
		driver_die("the vault could not be read again", -EIO);
	log_info("begun anew from disk");
	serve(driver);
}

static void wipe_store(struct driver *driver)
{
	int rc = store_wipe(&driver->store);

	if (rc)
		log_error("the store could not be removed: %s", strerror(-rc));
	else
		log_info("this device has left its vault; the store is gone");
}

void start_deinit(struct driver *driver)
{
	net_free(driver->net);
	loop_free(driver->loop);
	drop_node(driver);
	if (driver->wiping)
		wipe_store(driver);
	store_close(driver->store);
}
