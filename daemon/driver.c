#include "daemon/driver.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/host/clock.h"
#include "daemon/host/entropy.h"
#include "daemon/host/log.h"
#include "proto/secret.h"

_Noreturn void driver_die(const char *what, int error)
{
	log_error("%s: %s; stopping, what was acknowledged is on disk", what,
		  strerror(-error));
	_exit(1);
}

struct event driver_event(enum event_type type)
{
	struct event event = {
		.type = type,
		.mono = clock_mono(),
		.wall = clock_wall(),
	};
	entropy_fill(event.entropy, sizeof(event.entropy));
	return event;
}

static void step(struct driver *driver, struct event *event)
{
	REQUIRE(!driver->stepping);
	driver->stepping = true;
	int rc = node_step(driver->node, event, &driver->effects);
	if (rc < 0)
		driver_die("the vault's state could not be kept", rc);
	carry_step(driver);
	driver->stepping = false;
	memset(event->entropy, 0, sizeof(event->entropy));
}

/* --- reading back ----------------------------------------------------------- */

static void seq_key(uint8_t ret[static 4], uint32_t seq)
{
	for (int i = 0; i < 4; i++)
		ret[i] = (uint8_t)(seq >> (24 - 8 * i));
}

static struct bytes read_row(struct driver *driver, enum table table,
			     uint32_t seq)
{
	struct bytes value = { NULL, 0 };
	uint8_t key[4];

	seq_key(key, seq);
	int rc = store_get(driver->store, table, BYTES(key), &value);
	if (rc && rc != -ENOENT)
		driver_die("the store cannot be read", rc);
	return value;
}

static void answer_load(struct driver *driver, const struct effect *load)
{
	static struct loaded rows[LOAD_ITEMS];
	size_t n = load->data_len / sizeof(uint32_t);
	struct event event = driver_event(EVENT_LOADED);

	REQUIRE(n <= LOAD_ITEMS);
	for (size_t i = 0; i < n; i++) {
		memcpy(&rows[i].seq, load->data + i * sizeof(uint32_t),
		       sizeof(uint32_t));
		rows[i].row = read_row(driver, TABLE_ITEM, rows[i].seq);
		rows[i].blob = read_row(driver, TABLE_BLOB, rows[i].seq);
	}
	event.token = load->token;
	event.loaded = rows;
	event.n_loaded = n;
	step(driver, &event);
	store_release(driver->store);
}

/* Reads asked for by a step are answered before the loop goes on. */
static void answer_loads(struct driver *driver)
{
	struct effects asked;

	while (driver->loads.n > 0) {
		asked = driver->loads;
		effects_init(&driver->loads);
		for (size_t i = 0; i < asked.n; i++)
			answer_load(driver, &asked.list[i]);
		effects_deinit(&asked);
	}
}

/* The store beside is whole: it is ended before anything else happens. */
static void answer_next(struct driver *driver)
{
	struct event event = driver_event(EVENT_NEXT);

	if (!driver->next_name[0])
		return;
	int rc = store_next_end(driver->store, driver->next_name);
	driver->next_name[0] = '\0';
	if (rc > 0)
		driver_die(store_error_text(rc), -EIO);
	if (rc)
		log_error("the new vault could not be written: %s; the old one "
			  "stays",
			  strerror(-rc));
	event.token = (uint32_t)-rc;
	step(driver, &event);
}

void driver_feed(struct driver *driver, struct event *event)
{
	if (driver->stopping || driver->renewing)
		return;
	step(driver, event);
	/* At start the store is being read; nothing can be asked of it yet. */
	if (driver->starting)
		return;
	answer_loads(driver);
	answer_next(driver);
	if (store_pending(driver->store) >= COMMIT_ITEMS)
		driver_turn(driver);
}

uint32_t driver_number(struct driver *driver)
{
	do {
		driver->next_number = (driver->next_number + 1) & ~CONN_DIALED;
	} while (driver->next_number == 0 ||
		 driver->next_number == driver->unlock.number ||
		 driver->next_number == driver->snapshots.number ||
		 net_find(driver->net, driver->next_number));
	return driver->next_number;
}

/* --- the end of a turn ------------------------------------------------------ */

static void watch_fullness(struct driver *driver)
{
	unsigned int percent = store_percent(driver->store);

	if (percent >= STORE_FULL_PERCENT && !driver->told_full) {
		driver->told_full = true;
		log_warn("the store is %u %% full: it takes no more entries "
			 "from other devices",
			 percent);
	}
}

static void commit(struct driver *driver)
{
	bool due = driver->soft_due <= clock_mono();
	size_t writes = store_pending(driver->store);

	/* Soft rows ride along, or go alone when they have waited enough. */
	if (driver->soft.n && (due || writes || driver->stopping))
		carry_soft(driver);
	if (store_pending(driver->store) == 0)
		return;
	int rc = store_commit(driver->store);
	/* LMDB takes the short write on a full disk for a broken one. */
	if (rc == -EIO)
		driver_die("the vault could not be written: the disk is full "
			   "or broken",
			   rc);
	if (rc == -ENOSPC || rc == -EDQUOT || rc == -EFBIG)
		driver_die("no room to write the vault: the disk or the store "
			   "is full",
			   rc);
	if (rc)
		driver_die("the vault could not be written", rc);
	watch_fullness(driver);
}

static void arm(struct driver *driver)
{
	uint64_t due = driver->node_due, now;

	if (driver->soft_due < due)
		due = driver->soft_due;
	if (peers_due(driver) < due)
		due = peers_due(driver);
	if (snapshots_due(driver) < due)
		due = snapshots_due(driver);
	if (due == driver->armed)
		return;
	driver->armed = due;
	if (due == UINT64_MAX) {
		loop_alarm(driver->loop, UINT64_MAX);
		return;
	}
	/* One more, because the clock's milliseconds are rounded down. */
	now = clock_mono();
	loop_alarm(driver->loop, due > now ? due - now + 1 : 0);
}

void driver_turn(struct driver *driver)
{
	if (driver->stopping)
		return;
	do {
		commit(driver);
		carry_held(driver);
	} while (unlock_end(driver));
	if (driver->wiping) {
		start_stop(driver);
		return;
	}
	if (driver->renewing) {
		driver->soft_due = 0; /* the next node reads them */
		commit(driver);
		start_again(driver);
	}
	arm(driver);
}

void driver_alarm(struct driver *driver)
{
	uint64_t now = clock_mono();

	driver->armed = 0; /* whatever is next has to be set again */
	if (driver->stopping)
		return;
	peers_tick(driver);
	snapshots_tick(driver);
	if (driver->node_due <= now) {
		driver->node_due = UINT64_MAX;
		struct event event = driver_event(EVENT_TIMER);
		driver_feed(driver, &event);
	}
}
