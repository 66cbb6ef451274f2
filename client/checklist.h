/*
 * What has to be changed at the sites because a device that is gone has seen
 * it: for people with what to do about it, for programs as an array.
 */
#ifndef FOB_CLIENT_CHECKLIST_H
#define FOB_CLIENT_CHECKLIST_H

#include "client/ask.h"
#include "client/json.h"

/* "rotate": [{id, issuer, account}], or with key NULL the array alone. */
void checklist_json(struct json *json, const char *key,
		    const struct answers *answers);

/* A line for each; returns how many. */
size_t checklist_print(const struct answers *answers);

#endif
