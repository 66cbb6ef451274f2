/*
 * Each finding of the doctor, provoked, and not found in a vault that is well.
 *
 * Covers: doctor, doctor_entry, ask_doctor, missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/view/doctor.h"
#include "proto/text.h"
#include "tests/lib/one.h"

#define DAY ((uint64_t)DAY_MS)
#define NOW (1000 * DAY)

static char bank[] = "Bank", ada[] = "ada", mail[] = "Mail", none[] = "";
static const uint8_t main_id[GROUP_ID_SIZE] = { 0 };
static const uint8_t root_id[GROUP_ID_SIZE] = { 7 };

/* A vault of three devices and two entries that is well. */
struct well {
	struct doctor_facts facts;
	struct doctor_device devices[3];
	struct doctor_group groups[2];
	struct doctor_entry entries[2];
	struct vault_entry rows[2];
	uint64_t readers[2];
	uint8_t resets[2][RECORD_ID_SIZE];
	struct vault_apart apart;
};

static void make_well(struct well *w)
{
	static const char *const names[] = { "desk", "phone", "safe" };

	memset(w, 0, sizeof(*w));
	for (size_t i = 0; i < 3; i++)
		w->devices[i] =
			(struct doctor_device){ .name = names[i],
						.member = true,
						.self = i == 0,
						.last_seen = NOW - DAY,
						.added = NOW - 400 * DAY };
	for (size_t i = 0; i < 2; i++) {
		w->readers[i] = 7;
		w->rows[i].issuer = i == 0 ? bank : mail;
		w->rows[i].account = i == 0 ? ada : none;
		w->rows[i].id[0] = (uint8_t)(i + 1);
		w->rows[i].n_seeds = 1;
		w->rows[i].codes = w->rows[i].codes_left = 3;
		w->rows[i].created = NOW - 500 * DAY;
		w->rows[i].contact = NOW - 100 * DAY;
		w->entries[i].entry = &w->rows[i];
		w->entries[i].copies = 2;
	}
	w->groups[0] = (struct doctor_group){ main_id, "main", &w->readers[0] };
	w->groups[1] = (struct doctor_group){ root_id, "root", &w->readers[1] };
	w->facts = (struct doctor_facts){
		.now = NOW,
		.copies = DOCTOR_COPIES,
		.devices = w->devices,
		.n_devices = 3,
		.groups = w->groups,
		.n_groups = 2,
		.entries = w->entries,
		.n_entries = 2,
		.drill = NOW - 10 * DAY,
		.snapshot = NOW - DAY,
	};
}

/* Exactly one finding, this one; its subject. */
static void expect(const struct well *w, const char *check,
		   enum doctor_severity severity, const char *subject)
{
	AUTO_FINDINGS struct findings found = { 0 };

	assert_int_equal(doctor_examine(&w->facts, &found), 0);
	assert_int_equal(found.n, 1);
	assert_string_equal(found.list[0].check, check);
	assert_int_equal(found.list[0].severity, severity);
	assert_string_equal(found.list[0].subject, subject);
	assert_true(strlen(found.list[0].message) > 20);
	assert_true(strlen(found.list[0].fix) > 5);
	assert_null(strstr(found.list[0].message, "%s"));
	assert_null(strstr(found.list[0].fix, "%s"));
}

static size_t count(const struct well *w)
{
	AUTO_FINDINGS struct findings found = { 0 };

	assert_int_equal(doctor_examine(&w->facts, &found), 0);
	return found.n;
}

static void test_well(void **state UNUSED)
{
	struct well w;

	make_well(&w);
	assert_int_equal(count(&w), 0);
}

static void test_devices(void **state UNUSED)
{
	struct well w;

	make_well(&w);
	w.devices[1].last_seen = NOW - 31 * DAY;
	expect(&w, "silent", DOCTOR_WARN, "phone");
	w.devices[1].last_seen = NOW - 29 * DAY;
	assert_int_equal(count(&w), 0);
	w.devices[1].last_seen = 0;
	expect(&w, "silent", DOCTOR_WARN, "phone");
	w.devices[1].added = NOW; /* it may still be joining */
	assert_int_equal(count(&w), 0);
	make_well(&w);
	w.devices[2].suspended = true;
	expect(&w, "suspended", DOCTOR_WARN, "safe");
	make_well(&w);
	w.devices[2].forked = true;
	expect(&w, "forked", DOCTOR_WARN, "safe");
	make_well(&w);
	w.devices[1].unequal = true;
	expect(&w, "unequal", DOCTOR_WARN, "phone");
	make_well(&w);
	w.devices[0].member = false;
	expect(&w, "revoked", DOCTOR_BAD, "desk");
	/* Nobody cares for how one is that is out. */
	make_well(&w);
	w.devices[1] = (struct doctor_device){ .name = "old", .forked = true };
	assert_int_equal(count(&w), 0);
}

static void test_vault(void **state UNUSED)
{
	struct well w;

	make_well(&w);
	w.facts.drill = 0;
	expect(&w, "kit", DOCTOR_WARN, "");
	w.facts.drill = NOW - 180 * DAY;
	expect(&w, "kit", DOCTOR_WARN, "");
	w.facts.drill = NOW - 179 * DAY;
	assert_int_equal(count(&w), 0);
	w.facts.frozen = true;
	expect(&w, "kit", DOCTOR_BAD, "");
	make_well(&w);
	w.facts.snapshot = 0;
	expect(&w, "snapshot", DOCTOR_WARN, "");
	w.facts.snapshot = NOW - 30 * DAY;
	expect(&w, "snapshot", DOCTOR_WARN, "");
	make_well(&w);
	w.facts.clock_known = true;
	w.facts.clock_offset = -2000;
	assert_int_equal(count(&w), 0);
	w.facts.clock_offset = -2001;
	expect(&w, "clock", DOCTOR_WARN, "");
	w.facts.clock_offset = 31000;
	expect(&w, "clock", DOCTOR_BAD, "");
	make_well(&w);
	w.facts.quarantined = 1;
	w.facts.quarantined_at = NOW - 29 * DAY;
	expect(&w, "quarantine", DOCTOR_WARN, "");
	w.facts.quarantined_at = NOW - 30 * DAY;
	expect(&w, "quarantine", DOCTOR_INFO, "");
	make_well(&w);
	w.facts.gap = w.facts.old_gap = true;
	expect(&w, "incomplete", DOCTOR_WARN, "");
	w.facts.gap = false;
	expect(&w, "incomplete", DOCTOR_INFO, "");
	make_well(&w);
	w.facts.full = true;
	expect(&w, "full", DOCTOR_BAD, "");
	make_well(&w);
	w.facts.poisoned = true;
	expect(&w, "key", DOCTOR_BAD, "");
	make_well(&w);
	w.facts.lost = 2;
	expect(&w, "lost", DOCTOR_BAD, "");
}

/* What devices knew that is not here, also those that are out. */
static void test_missing(void **state UNUSED)
{
	struct well w;

	make_well(&w);
	w.devices[1].told = 12;
	w.devices[1].here = 9;
	w.devices[1].told_at = NOW - 2 * DAY;
	expect(&w, "incomplete", DOCTOR_WARN, "phone");
	w.devices[1].member = false;
	expect(&w, "incomplete", DOCTOR_WARN, "phone");
	make_well(&w);
	w.devices[2].broken = 1;
	expect(&w, "incomplete", DOCTOR_INFO, "safe");
	w.devices[2].recent = true;
	expect(&w, "incomplete", DOCTOR_WARN, "safe");
	make_well(&w);
	w.facts.keyless = 3;
	expect(&w, "incomplete", DOCTOR_BAD, "");
}

static void test_copies(void **state UNUSED)
{
	struct well w;

	make_well(&w);
	w.entries[0].copies = 0;
	expect(&w, "copies", DOCTOR_WARN, "Bank/ada");
	w.facts.copies = 1;
	assert_int_equal(count(&w), 0);
	make_well(&w);
	w.facts.copies = 3;
	w.entries[1].copies = 1;
	expect(&w, "copies", DOCTOR_WARN, "Mail");
	/* The only device is told once, not for each entry. */
	make_well(&w);
	w.facts.n_devices = 1;
	w.entries[0].copies = w.entries[1].copies = 0;
	expect(&w, "copies", DOCTOR_BAD, "");
	w.facts.n_devices = 2;
	w.devices[1].keeper = true;
	expect(&w, "copies", DOCTOR_WARN, "");
}

static void test_entries(void **state UNUSED)
{
	struct well w;

	make_well(&w);
	w.entries[0].owed = true;
	expect(&w, "rotate", DOCTOR_BAD, "Bank/ada");
	make_well(&w);
	w.rows[1].incomplete = true;
	expect(&w, "incomplete", DOCTOR_WARN, "Mail");
	make_well(&w);
	w.rows[1].conflict = true;
	expect(&w, "conflict", DOCTOR_WARN, "Mail");
	make_well(&w);
	w.rows[0].codes_left = 0;
	expect(&w, "backup-codes", DOCTOR_WARN, "Bank/ada");
	w.rows[0].codes = 0;
	expect(&w, "backup-codes", DOCTOR_INFO, "Bank/ada");
	w.rows[0].n_seeds = 0; /* a note needs none */
	assert_int_equal(count(&w), 0);
	make_well(&w);
	w.rows[0].contact = NOW - 365 * DAY;
	expect(&w, "contact", DOCTOR_WARN, "Bank/ada");
	w.rows[0].contact = 0;
	expect(&w, "contact", DOCTOR_INFO, "Bank/ada");
}

/* A copy of the secret before the present one opens nothing. */
static void test_exported(void **state UNUSED)
{
	AUTO_FINDINGS struct findings found = { 0 };
	struct well w;

	make_well(&w);
	w.rows[0].exported = NOW - 7 * DAY;
	w.rows[1].exported = NOW - 3 * DAY;
	w.rows[1].seeded = NOW - 3 * DAY;
	expect(&w, "exported", DOCTOR_INFO, "");
	assert_int_equal(doctor_examine(&w.facts, &found), 0);
	assert_non_null(strstr(found.list[0].message,
			       "2 of 2 accounts were exported, Mail last, 3 "
			       "days ago"));
	w.rows[1].seeded++;
	findings_deinit(&found);
	assert_int_equal(doctor_examine(&w.facts, &found), 0);
	assert_non_null(strstr(found.list[0].message, "1 of 2"));
	assert_string_equal(found.list[0].fix, "fob show 'Bank/ada'");
	w.rows[0].exported = 0;
	assert_int_equal(count(&w), 0);
}

static void link_resets(struct well *w, size_t from, size_t to)
{
	memcpy(w->resets[from], w->rows[to].id, RECORD_ID_SIZE);
	w->rows[from].resets = &w->resets[from];
	w->rows[from].n_resets = 1;
}

static size_t circles(const struct well *w)
{
	AUTO_FINDINGS struct findings found = { 0 };
	size_t n = 0;

	assert_int_equal(doctor_examine(&w->facts, &found), 0);
	for (size_t i = 0; i < found.n; i++)
		n += strcmp(found.list[i].check, "resets") == 0;
	return n;
}

static void test_resets(void **state UNUSED)
{
	struct well w;

	make_well(&w);
	w.rows[0].codes_left = w.rows[1].codes_left = 0;
	link_resets(&w, 0, 1);
	assert_int_equal(circles(&w), 0);
	link_resets(&w, 1, 0);
	assert_int_equal(circles(&w), 2);
	w.rows[1].codes_left = 1; /* a way in, from where both are reached */
	assert_int_equal(circles(&w), 0);
	w.rows[1].codes_left = 0;
	link_resets(&w, 1, 1); /* by itself alone; also the other's */
	assert_int_equal(circles(&w), 0);
	w.rows[0].n_resets = 0;
	assert_int_equal(circles(&w), 1);
}

static void test_apart(void **state UNUSED)
{
	struct well w;

	make_well(&w);
	w.apart.n = RECORD_ID_SIZE;
	memcpy(w.apart.id, w.rows[1].id, RECORD_ID_SIZE);
	w.rows[0].aparts = &w.apart;
	w.rows[0].n_aparts = 1;
	assert_int_equal(count(&w), 3); /* all read both */
	w.entries[1].group = 1;
	w.readers[1] = 2;
	expect(&w, "apart", DOCTOR_BAD, "Bank/ada");
	w.readers[0] = 5;
	assert_int_equal(count(&w), 0);
	w.apart.n = GROUP_ID_SIZE;
	memcpy(w.apart.id, root_id, GROUP_ID_SIZE);
	w.readers[1] = 4;
	expect(&w, "apart", DOCTOR_BAD, "Bank/ada");
	w.apart.id[0] = 9; /* what is gone is read by nobody */
	assert_int_equal(count(&w), 0);
}

static void test_order(void **state UNUSED)
{
	AUTO_FINDINGS struct findings found = { 0 };
	struct well w;

	make_well(&w);
	w.rows[0].codes = w.rows[0].codes_left = 0;
	w.facts.drill = 0;
	w.facts.full = true;
	w.facts.gap = true;
	assert_int_equal(doctor_examine(&w.facts, &found), 0);
	assert_int_equal(found.n, 4);
	assert_string_equal(found.list[0].check, "full");
	assert_string_equal(found.list[1].check, "kit");
	assert_string_equal(found.list[2].check, "incomplete");
	assert_string_equal(found.list[3].check, "backup-codes");
}

/* Many of a kind become one line, and long names do not break anything. */
static void test_many(void **state UNUSED)
{
	static struct doctor_entry entries[100];
	static char long_name[TEXT_MAX + 1];
	AUTO_FINDINGS struct findings found = { 0 };
	struct well w;

	make_well(&w);
	for (size_t i = 0; i < TEXT_MAX; i += 2)
		memcpy(long_name + i, "\xc3\xa4", 2);
	w.rows[0].issuer = w.rows[0].account = long_name;
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		entries[i] = (struct doctor_entry){ .entry = &w.rows[0] };
	w.facts.entries = entries;
	w.facts.n_entries = ARRAY_SIZE(entries);
	assert_int_equal(doctor_examine(&w.facts, &found), 0);
	assert_int_equal(found.n, DOCTOR_EACH + 1);
	assert_true(text_utf8(text_of(found.list[0].subject)));
	assert_true(text_utf8(text_of(found.list[0].message)));
	assert_true(text_utf8(text_of(found.list[0].fix)));
	assert_non_null(strstr(found.list[DOCTOR_EACH].message, "80 more"));
}

/* What a new vault of one device hears, by the whole way. */
static void test_asked(void **state UNUSED)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__DoctorAsk ask = FOB__DOCTOR_ASK__INIT;
	const Fob__Reply *reply;
	struct one one;

	one_init(&one, 3);
	one_make_vault(&one);
	request.doctor = &ask;
	reply = one_ask(&one, &request);
	assert_int_equal(reply->status, STATUS_OK);
	assert_int_equal(reply->n_findings, 3);
	assert_string_equal(reply->findings[0]->check, "copies");
	assert_string_equal(reply->findings[0]->severity, "bad");
	assert_string_equal(reply->findings[1]->check, "kit");
	assert_string_equal(reply->findings[2]->check, "snapshot");
	one_deinit(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_well),	 cmocka_unit_test(test_devices),
		cmocka_unit_test(test_vault),	 cmocka_unit_test(test_copies),
		cmocka_unit_test(test_exported), cmocka_unit_test(test_entries),
		cmocka_unit_test(test_resets),	 cmocka_unit_test(test_apart),
		cmocka_unit_test(test_order),	 cmocka_unit_test(test_many),
		cmocka_unit_test(test_asked),	 cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
