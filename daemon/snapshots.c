/*
 * Snapshots by themselves, into a folder: a client inside asks the node for
 * one, part by part, a day after the last one and some minutes after changes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/driver.h"
#include "daemon/host/clock.h"
#include "daemon/host/log.h"
#include "proto/local.pb-c.h"
#include "proto/secret.h"
#include "proto/status.h"

#define AGAIN_MS (3600ull * 1000) /* after one that failed */
#define FIRST_MS 5000		  /* after the start: is one due? */

static void plan(struct driver *driver, uint64_t ms)
{
	driver->snapshots.due = clock_mono() + ms;
}

void snapshots_start(struct driver *driver)
{
	driver->snapshots.due = UINT64_MAX;
	if (driver->config->snapshot_dir[0])
		plan(driver, FIRST_MS);
}

void snapshots_changed(struct driver *driver)
{
	struct snapshots *s = &driver->snapshots;
	uint64_t due = clock_mono() + driver->config->snapshot_delay * 1000;

	if (!driver->config->snapshot_dir[0] || s->changed)
		return;
	s->changed = true;
	if (!s->number && due < s->due)
		s->due = due;
}

uint64_t snapshots_due(const struct driver *driver)
{
	const struct snapshots *s = &driver->snapshots;

	if (s->number)
		return s->answered ? 1 : UINT64_MAX; /* 0 means: not armed */
	return s->due;
}

/* Ends the client inside, and what it has not finished. */
static void leave(struct driver *driver)
{
	struct snapshots *s = &driver->snapshots;
	struct event event = driver_event(EVENT_CLIENT_GONE);

	snapfile_drop(s->file);
	s->file = NULL;
	event.conn = s->number;
	s->number = 0;
	s->answered = s->over = false;
	driver_feed(driver, &event);
}

static void ask(struct driver *driver, const char *op)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SnapshotAsk snapshot = FOB__SNAPSHOT_ASK__INIT;
	struct event event = driver_event(EVENT_CLIENT);
	uint8_t packed[64];
	char text[8];

	snprintf(text, sizeof(text), "%s", op);
	snapshot.op = text;
	request.id = 1;
	request.snapshot = &snapshot;
	REQUIRE(fob__request__get_packed_size(&request) <= sizeof(packed));
	event.conn = driver->snapshots.number;
	event.data =
		(struct bytes){ packed, fob__request__pack(&request, packed) };
	driver_feed(driver, &event);
}

void snapshots_tick(struct driver *driver)
{
	struct snapshots *s = &driver->snapshots;

	if (snapshots_due(driver) > clock_mono())
		return;
	if (s->over) {
		leave(driver);
		return;
	}
	if (s->number) {
		s->answered = false;
		ask(driver, "next");
		return;
	}
	s->number = driver_number(driver);
	s->due = UINT64_MAX;
	ask(driver, "make");
}

static void failed(struct driver *driver, const char *what)
{
	log_error("snapshot into %s: %s; trying again in an hour",
		  driver->config->snapshot_dir, what);
	driver->snapshots.over = true;
	plan(driver, AGAIN_MS);
}

static void hex(char *ret, size_t n, const ProtobufCBinaryData *id)
{
	for (size_t i = 0; i < n; i++)
		snprintf(ret + 2 * i, 3, "%02x", i < id->len ? id->data[i] : 0);
}

/* False: the last one is fresh, and nothing has changed. */
static bool wanted(struct driver *driver, const char *prefix)
{
	struct snapshots *s = &driver->snapshots;
	int64_t newest, age;

	newest = snapfile_newest(driver->config->snapshot_dir, prefix);
	age = clock_wall() - newest;
	if (s->changed || newest == 0 || age < 0 || age >= DAY_MS)
		return true;
	s->over = true;
	plan(driver, (uint64_t)(DAY_MS - age));
	return false;
}

static int open_file(struct driver *driver, const Fob__SnapshotInfo *info)
{
	struct snapshots *s = &driver->snapshots;
	char vault[9], device[9], prefix[SNAPFILE_PREFIX];

	hex(vault, 4, &info->vault);
	hex(device, 4, &info->device);
	snprintf(prefix, sizeof(prefix), "fob-%s-%s", vault, device);
	if (!wanted(driver, prefix))
		return 0;
	s->changed = false; /* what comes from now on is another change */
	return snapfile_begin(&s->file, driver->config->snapshot_dir, prefix,
			      clock_wall());
}

static void finish(struct driver *driver)
{
	struct snapshots *s = &driver->snapshots;
	int rc = snapfile_end(s->file, driver->config->snapshot_keep);

	s->file = NULL;
	s->over = true;
	if (rc) {
		failed(driver, strerror(-rc));
		return;
	}
	log_info("snapshot into %s", driver->config->snapshot_dir);
	plan(driver, s->changed ? driver->config->snapshot_delay * 1000 :
				  (uint64_t)DAY_MS);
}

static void take(struct driver *driver, const Fob__Reply *reply)
{
	struct snapshots *s = &driver->snapshots;
	int rc = 0;

	if (reply->status != STATUS_OK || !reply->snapshot) {
		s->over = true; /* no vault yet: the first items tell */
		s->changed = false;
		plan(driver, (uint64_t)DAY_MS);
		return;
	}
	if (!s->file)
		rc = open_file(driver, reply->snapshot);
	if (!rc && s->file)
		rc = snapfile_write(
			s->file, (struct bytes){ reply->snapshot->data.data,
						 reply->snapshot->data.len });
	if (rc)
		failed(driver, strerror(-rc));
	else if (s->file && reply->snapshot->last)
		finish(driver);
}

bool snapshots_reply(struct driver *driver, uint32_t conn, struct bytes message)
{
	struct budget budget;

	if (conn == 0 || conn != driver->snapshots.number)
		return false;
	budget_init(&budget, false);
	Fob__Reply *reply =
		fob__reply__unpack(&budget.allocator, message.n, message.p);
	if (!reply)
		driver_die("no memory for a snapshot", -ENOMEM);
	driver->snapshots.answered = true;
	take(driver, reply);
	fob__reply__free_unpacked(reply, &budget.allocator);
	budget_deinit(&budget);
	return true;
}

void snapshots_end(struct driver *driver)
{
	snapfile_drop(driver->snapshots.file);
	driver->snapshots.file = NULL;
}
