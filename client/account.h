/*
 * Accounts as the commands show them: one row of a list, one object of JSON,
 * one line for a script. And names for what goes the other way, types and
 * algorithms. Pure, but that it prints.
 */
#ifndef FOB_CLIENT_ACCOUNT_H
#define FOB_CLIENT_ACCOUNT_H

#include "client/ask.h"
#include "client/json.h"

/* The fields of CLI.md's list; the object is open and stays open. */
void account_json(struct json *json, const Fob__Account *account);

/* Those that a code has as well: id, issuer, account, type. */
void account_json_name(struct json *json, const Fob__Account *account);

/* id<TAB>issuer<TAB>account<TAB>type, without a newline. */
void account_line(FILE *out, const Fob__Account *account);

/* Matches, for the person who must choose: on standard error. */
void account_candidates(Fob__Account *const *accounts, size_t n);

/* "issuer/account", or the one that is there. In ret, with its NUL. */
#define ACCOUNT_NAME_SIZE 520
void account_name(char ret[static ACCOUNT_NAME_SIZE],
		  const Fob__Account *account);

#define ACCOUNT_ID_SHOWN 8 /* letters, as many as a prefix needs */
#define ACCOUNT_ID_SIZE 33
void account_id(char ret[static ACCOUNT_ID_SIZE], ProtobufCBinaryData id);

/* The bytes of a field of a message. */
struct bytes account_bytes(ProtobufCBinaryData data);

/* Fob__OtpType, or 0 and false. The names are those of Account.type. */
bool account_type(const char *name, uint32_t *ret_type);
const char *account_type_name(uint32_t type);

/* Fob__Algorithm; SHA1, SHA-1, sha1, HMAC-SHA1. */
bool account_algorithm(const char *name, uint32_t *ret_algorithm);
const char *account_algorithm_name(uint32_t algorithm);

/*
 * The one entry that a query means, with its version, so that a change can
 * say what it was made from. The account lives in *ret_answers, which is
 * zeroed. 0 or a status that was told.
 */
int account_find(struct fob *fob, char *query, struct answers *ret_answers,
		 const Fob__Account **ret_account);

#endif
