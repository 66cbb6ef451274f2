/* What the files of the doctor share: findings, and the words for them. */
#ifndef FOB_CORE_VIEW_DOCTOR_INNER_H
#define FOB_CORE_VIEW_DOCTOR_INNER_H

#include "daemon/core/view/doctor.h"

/* One examination. The first failure stops it. */
struct doctor {
	const struct doctor_facts *facts;
	struct findings *found;
	bool failed;
};

#define NAME_SIZE (2 * TEXT_MAX + 2)

/* A text with %s in it, and those that go there. */
#define TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NUMBER(n) doctor_number((char[21]){ 0 }, n)

const char *doctor_number(char ret[static 21], uint64_t number);
void doctor_say(char *ret, size_t size, const char *const *texts);

/* The next finding, or NULL when memory has run out; NULL is fine below. */
struct finding *doctor_find(struct doctor *doctor, const char *check,
			    enum doctor_severity severity);
void doctor_about(struct finding *finding, const char *subject);
void doctor_message(struct finding *finding, const char *const *texts);
void doctor_fix(struct finding *finding, const char *const *texts);

/* Whole days since then; 0 for what is in the future. */
unsigned doctor_days(const struct doctor_facts *facts, uint64_t then);
/* "issuer/account", or the one that is there, or the id. */
void doctor_name(const struct vault_entry *entry, char ret[static NAME_SIZE]);

/* --- doctor_entry.c --- */
void doctor_copies(struct doctor *doctor);
void doctor_rotation(struct doctor *doctor);
void doctor_whole(struct doctor *doctor);
void doctor_backup(struct doctor *doctor);
void doctor_contact(struct doctor *doctor);
void doctor_exported(struct doctor *doctor);
void doctor_resets(struct doctor *doctor);
void doctor_apart(struct doctor *doctor);
/* Devices beside this one. */
size_t doctor_others(const struct doctor_facts *facts, bool keepers);

#endif
