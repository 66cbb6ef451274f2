/* fob status, fob unlocked, and fob lock: what they need is a StatusAsk. */
#include <stdlib.h>
#include <string.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/print.h"
#include "client/report.h"

#define CLOCK_ALARM 2000 /* ms, as in limits.h */

static int get(struct fob *fob, struct answers *ret)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__StatusAsk status = FOB__STATUS_ASK__INIT;
	int r;

	request.status = &status;
	r = ask(fob, &request, ret);
	if (r == 0 && !ret->list[0].reply->vault)
		r = fail(fob, STATUS_FAILED, "the daemon has no status");
	return r;
}

static void peer_json(struct json *json, const Fob__PeerInfo *peer)
{
	json_object(json, NULL);
	json_hex(json, "id", account_bytes(peer->id));
	json_text(json, "name", peer->name);
	json_text(json, "address", peer->address);
	json_bool(json, "connected", peer->connected);
	json_bool(json, "in_sync", peer->in_sync);
	json_time(json, "last_seen", peer->last_seen);
	json_signed(json, "clock_offset_ms", peer->clock_offset_ms);
	json_text(json, "role", peer->role);
	json_object_end(json);
}

static void device_json(struct json *json, const Fob__VaultStatus *s)
{
	json_object(json, "device");
	json_hex(json, "id", account_bytes(s->device));
	json_text(json, "name", s->name);
	json_text(json, "role", s->role);
	json_object_end(json);
}

static int as_json(struct fob *fob, const Fob__Reply *reply)
{
	const Fob__VaultStatus *s = reply->vault;
	struct json json AUTO_JSON = { 0 };
	size_t i;

	json_object(&json, NULL);
	json_text(&json, "state", s->state);
	json_hex(&json, "vault", account_bytes(s->vault));
	device_json(&json, s);
	json_array(&json, "listen");
	for (i = 0; i < s->n_listen; i++)
		json_text(&json, NULL, s->listen[i]);
	json_array_end(&json);
	json_number(&json, "entries", s->entries);
	json_number(&json, "items", s->items);
	json_hex(&json, "root", account_bytes(s->root));
	json_array(&json, "peers");
	for (i = 0; i < s->n_peers; i++)
		peer_json(&json, s->peers[i]);
	json_array_end(&json);
	json_signed(&json, "clock_offset_ms", s->clock_offset_ms);
	json_array(&json, "warnings");
	for (i = 0; i < reply->n_warnings; i++)
		json_text(&json, NULL, reply->warnings[i]);
	json_array_end(&json);
	json_text(&json, "version", s->version);
	json_number(&json, "conflicts", s->conflicts);
	json_number(&json, "trashed", s->trashed);
	json_number(&json, "quarantined", s->quarantined);
	json_object_end(&json);
	return print_json(fob, &json);
}

static void print_peer(const Fob__PeerInfo *peer)
{
	char seen[PRINT_TIME_SIZE];

	print_time(seen, peer->last_seen);
	fputs("peer: ", stdout);
	print_text(stdout, peer->name[0] ? peer->name : "(no name yet)");
	if (peer->connected)
		printf(", connected, %s",
		       peer->in_sync ? "in sync" : "not in sync yet");
	else if (peer->last_seen)
		printf(", last seen %s", seen);
	else
		fputs(", not seen yet", stdout);
	if (peer->address[0]) {
		fputs(", ", stdout);
		print_text(stdout, peer->address);
	}
	putchar('\n');
}

static void print_vault(const Fob__VaultStatus *s)
{
	printf("vault: ");
	print_hex(stdout, account_bytes(s->vault));
	putchar('\n');
	print_pair("device", s->name);
	if (s->indexed) {
		printf("entries: %llu\n", (unsigned long long)s->entries);
		if (s->conflicts)
			printf("conflicts: %llu, see fob conflicts\n",
			       (unsigned long long)s->conflicts);
		if (s->trashed)
			printf("in the trash: %llu\n",
			       (unsigned long long)s->trashed);
	}
	printf("items: %llu\n", (unsigned long long)s->items);
	if (s->quarantined)
		printf("quarantined: %llu\n",
		       (unsigned long long)s->quarantined);
}

static int as_text(struct fob *fob, const Fob__VaultStatus *s)
{
	size_t i;

	print_pair("state", s->state);
	if (s->vault.len > 0)
		print_vault(s);
	for (i = 0; i < s->n_listen; i++)
		print_pair("listen", s->listen[i]);
	for (i = 0; i < s->n_peers; i++)
		print_peer(s->peers[i]);
	if (llabs(s->clock_offset_ms) > CLOCK_ALARM)
		printf("clock: off by %.1f s\n",
		       (double)s->clock_offset_ms / 1000);
	print_pair("version", s->version);
	return print_done(fob);
}

static int run_status(struct fob *fob, char **argv)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	struct texts arguments;
	int r;

	if (!options_parse(fob, argv, NULL, 0, &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	r = get(fob, &answers);
	if (r != 0)
		return r;
	if (fob->json)
		return as_json(fob, answers.list[0].reply);
	return as_text(fob, answers.list[0].reply->vault);
}

const struct command cmd_status = {
	.name = "status",
	.brief = "what this device is, holds and sees",
	.help = "Usage: fob status\n"
		"\n"
		"Shows the state of the daemon: empty, locked, unlocked or\n"
		"keeper; where it listens, what it holds, and its peers. It\n"
		"never unlocks anything.\n"
		"\n"
		"Example:\n"
		"  $ fob status --json | jq -r .state\n"
		"  unlocked\n",
	.run = run_status,
};

static int run_unlocked(struct fob *fob, char **argv)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	struct texts arguments;
	struct json json AUTO_JSON = { 0 };
	int r;

	if (!options_parse(fob, argv, NULL, 0, &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	r = get(fob, &answers);
	if (r != 0)
		return r;
	if (strcmp(answers.list[0].reply->vault->state, "unlocked") != 0)
		return fob->json ? fail(fob, STATUS_LOCKED, "%s",
					status_text(STATUS_LOCKED)) :
				   STATUS_LOCKED;
	if (!fob->json)
		return STATUS_OK;
	json_object(&json, NULL);
	json_text(&json, "state", "unlocked");
	json_object_end(&json);
	return print_json(fob, &json);
}

const struct command cmd_unlocked = {
	.name = "unlocked",
	.brief = "exit 0 when it is unlocked, else 5",
	.help = "Usage: fob unlocked\n"
		"\n"
		"A silent test for scripts: exits 0 when the vault is\n"
		"unlocked, else 5.\n"
		"\n"
		"Example:\n"
		"  $ fob unlocked || fob unlock\n",
	.run = run_unlocked,
};
