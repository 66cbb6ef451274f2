/*
 * What may go wrong one day, found before it does: findings as pure
 * functions of what is known. The caller gathers the facts, which stay its
 * own; findings own nothing but their list. No secret is in either.
 */
#ifndef FOB_CORE_VIEW_DOCTOR_H
#define FOB_CORE_VIEW_DOCTOR_H

#include "daemon/core/view/vault.h"

enum doctor_severity { DOCTOR_INFO, DOCTOR_WARN, DOCTOR_BAD };

/* "info", "warn", "bad" */
const char *doctor_severity(enum doctor_severity severity);

#define DOCTOR_COPIES 2 /* devices that shall hold each entry */
#define DOCTOR_SILENT_DAYS 30
#define DOCTOR_DRILL_DAYS 180
#define DOCTOR_SNAPSHOT_DAYS 30
#define DOCTOR_CONTACT_DAYS 365
#define DOCTOR_QUARANTINE_DAYS 30 /* since the last one came */
#define DOCTOR_CLOCK_BAD_MS 30000 /* codes are refused */
#define DOCTOR_EACH 20		  /* findings of one check */

struct doctor_device {
	const char *name;
	bool self, member, keeper, suspended, forked;
	bool unequal;	    /* the last complete run ended so */
	uint64_t last_seen; /* ms since 1970, 0: never */
	uint64_t added;	    /* ms since 1970, as its sponsor told */
	/* Items that it told of, if more than are here; when; and those. */
	uint64_t told, told_at, here;
	bool recent;	 /* else only its word is there for what is missing */
	uint64_t broken; /* its items that its later ones name */
};

struct doctor_group {
	const uint8_t *id;	 /* GROUP_ID_SIZE */
	const char *name;	 /* or "" */
	const uint64_t *readers; /* bitmap over the devices */
};

struct doctor_entry {
	const struct vault_entry *entry;
	uint32_t copies; /* other devices that hold it whole */
	uint32_t group;	 /* in groups */
	bool owed;	 /* on the rotation checklist */
};

struct doctor_facts {
	uint64_t now;	 /* ms since 1970 */
	uint32_t copies; /* wanted, this device with it; at least 1 */
	const struct doctor_device *devices;
	size_t n_devices;
	const struct doctor_group *groups;
	size_t n_groups;
	const struct doctor_entry *entries; /* none that is in the trash */
	size_t n_entries;
	uint64_t drill;	   /* the kit was proven last, 0: never */
	uint64_t snapshot; /* the last good one, 0: never */
	bool clock_known;
	int64_t clock_offset;	 /* ms, ours minus theirs */
	size_t quarantined;	 /* items */
	uint64_t quarantined_at; /* the last of them came, ms since 1970 */
	bool gap;		 /* class 0 that others know is not here */
	bool old_gap;	/* the same, for longer than it is any evidence */
	bool frozen;	/* two recovery kits at once */
	bool poisoned;	/* a key's wraps are wrong */
	bool full;	/* the store */
	size_t lost;	/* current versions that nobody has */
	size_t keyless; /* entries that no key here opens */
};

struct finding {
	const char *check; /* constant: copies, silent, kit, ... */
	enum doctor_severity severity;
	char subject[TEXT_MAX + 1]; /* an entry, a device, or empty */
	char message[512], fix[384];
};

struct findings {
	struct finding *list; /* worst first, owned */
	size_t n, cap;
};

void findings_deinit(struct findings *findings);
#define AUTO_FINDINGS CLEANUP(findings_deinit)

/* ret is zeroed. 0 or -ENOMEM. */
int doctor_examine(const struct doctor_facts *facts, struct findings *ret);

#endif
