#include "client/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/account.h"
#include "client/passphrase.h"
#include "client/prompt.h"
#include "client/report.h"
#include "client/security_key.h"
#include "client/socket.h"
#include "client/start.h"

#define ATTEMPTS 3 /* at a terminal */

uint32_t command_timeout(const struct fob *fob, uint32_t seconds)
{
	uint64_t s = fob->timeout.set ? fob->timeout.value : seconds;

	/* 0 would mean forever, where the person meant at once. */
	if (s == 0)
		return 1;
	return s > UINT32_MAX / 2000 ? UINT32_MAX / 2 : (uint32_t)s * 1000;
}

static int path_failed(struct fob *fob, int error)
{
	switch (error) {
	case SOCKET_ERR_LONG:
		return fail(fob, STATUS_USAGE,
			    "the path of the socket is longer than %zu bytes",
			    SOCKET_PATH_SIZE - 1);
	case SOCKET_ERR_PROFILE:
		return fail(fob, STATUS_USAGE,
			    "FOB_PROFILE is no name for a folder");
	default:
		return fail(fob, STATUS_NO_DAEMON,
			    "neither XDG_RUNTIME_DIR nor HOME is set: "
			    "give --socket PATH");
	}
}

static int connect_failed(struct fob *fob, int error, const char *path)
{
	if (error == DAEMON_ERR_NONE)
		return fail(fob, STATUS_NO_DAEMON,
			    "no daemon at %s\nStart it with: fobd%s%s", path,
			    fob->socket ? " --socket " : "",
			    fob->socket ? fob->socket : "");
	if (error == DAEMON_ERR_FOREIGN)
		return fail(fob, STATUS_REFUSED, "%s belongs to another user",
			    path);
	if (error == DAEMON_ERR_TIMEOUT)
		return fail(fob, STATUS_TIMEOUT,
			    "the daemon at %s takes no more clients", path);
	return fail(fob, STATUS_NO_DAEMON, "cannot connect to %s: %s", path,
		    strerror(-error));
}

static int connect_to(struct fob *fob, uint32_t timeout_ms)
{
	char path[SOCKET_PATH_SIZE];
	int r;

	if (fob->daemon.fd >= 0)
		return 0;
	r = socket_path(fob->socket, path);
	if (r != 0)
		return path_failed(fob, r);
	r = daemon_connect(&fob->daemon, path, timeout_ms);
	if (r == DAEMON_ERR_NONE && !fob->socket && start_daemon())
		r = daemon_connect(&fob->daemon, path, timeout_ms);
	return r == 0 ? 0 : connect_failed(fob, r, path);
}

/* sent: the daemon has the request, and may have done what it says. */
static int talk_failed(struct fob *fob, int error, bool sent)
{
	switch (error) {
	case DAEMON_ERR_TIMEOUT:
		return fail(fob, STATUS_TIMEOUT,
			    sent ? "the daemon did not answer in time: what "
				   "was asked may be done all the same; "
				   "look before you ask again" :
				   "the daemon took no request in time; "
				   "nothing was done");
	case DAEMON_ERR_CLOSED:
		return fail(
			fob, STATUS_FAILED,
			sent ? "the daemon ended, or closed the connection, "
			       "before it answered: what was asked may be "
			       "done or not. If it does not run (fob "
			       "status), start it; look whether the change "
			       "is there (fob list, fob log), and ask "
			       "again if not. Why it ended is in its own "
			       "log" :
			       "the daemon closed the connection before "
			       "it had the request: nothing was done. "
			       "Ask again; if that does not help, its own "
			       "log tells more");
	case DAEMON_ERR_PROTOCOL:
		return fail(fob, STATUS_FAILED,
			    "what the daemon answers makes no sense; "
			    "is it of another version?");
	case DAEMON_ERR_LONG:
		return fail(fob, STATUS_USAGE, "that is too long");
	default:
		return fail(fob, STATUS_FAILED, "the daemon: %s",
			    strerror(-error));
	}
}

static int send_it(struct fob *fob, Fob__Request *request, uint32_t timeout_ms)
{
	int r = connect_to(fob, timeout_ms);

	if (r != 0)
		return r;
	r = daemon_send(&fob->daemon, request, timeout_ms);
	return r == 0 ? 0 : talk_failed(fob, r, false);
}

int ask_begin(struct asking *asking, struct fob *fob, Fob__Request *request)
{
	*asking = (struct asking){
		.fob = fob,
		.request = request,
		.timeout_ms = command_timeout(fob, COMMAND_TIMEOUT),
	};
	return send_it(fob, request, asking->timeout_ms);
}

static void check_version(struct fob *fob, const Fob__ServerHello *hello)
{
	if (hello && hello->version != DAEMON_PROTOCOL)
		warn(fob, "the daemon is %s, this is fob %s", hello->server,
		     FOB_VERSION);
}

static void tell_warnings(struct fob *fob, const Fob__Reply *reply)
{
	size_t i;

	for (i = 0; i < reply->n_warnings; i++)
		warn(fob, "%s", reply->warnings[i]);
}

/* The reply to this very id; all others are greetings or notes aside. */
static int receive(struct asking *asking, uint32_t id,
		   struct answer *ret_answer)
{
	struct fob *fob = asking->fob;

	for (;;) {
		struct answer answer AUTO_ANSWER = { 0 };
		int r = daemon_receive(&fob->daemon, asking->timeout_ms,
				       &answer);

		if (r != 0)
			return talk_failed(fob, r, true);
		if (answer.reply->id == id) {
			tell_warnings(fob, answer.reply);
			*ret_answer = answer;
			answer = (struct answer){ 0 };
			return 0;
		}
		check_version(fob, answer.reply->hello);
		if (answer.reply->status != STATUS_OK)
			return ask_failed(fob, answer.reply);
	}
}

/* Sends what proves who asks, and waits for the verdict. */
static int prove(struct asking *asking, Fob__Request *request)
{
	struct answer answer AUTO_ANSWER = { 0 };
	struct fob *fob = asking->fob;
	int r = send_it(fob, request, asking->timeout_ms);

	if (r == 0)
		r = receive(asking, request->id, &answer);
	if (r != 0)
		return r;
	if (answer.reply->status == STATUS_OK)
		return 0;
	if (answer.reply->status == STATUS_REFUSED && passphrase_typed(fob) &&
	    fob->passphrase && ++asking->attempts < ATTEMPTS) {
		note(fob, "%s",
		     answer.reply->message[0] ? answer.reply->message :
						"wrong passphrase");
		passphrase_forget(fob);
		return 0;
	}
	return ask_failed(fob, answer.reply);
}

static const char *confirm_question(uint32_t kind)
{
	switch (kind) {
	case FOB__CONFIRM__CONFIRM_REVEAL:
		return "Passphrase, to reveal secrets: ";
	case FOB__CONFIRM__CONFIRM_EXPORT:
		return "Passphrase, to export: ";
	case FOB__CONFIRM__CONFIRM_INVITE:
		return "Passphrase, to invite a device: ";
	case FOB__CONFIRM__CONFIRM_REVOKE:
		return "Passphrase, to revoke a device: ";
	case FOB__CONFIRM__CONFIRM_PURGE:
		return "Passphrase, to purge: ";
	case FOB__CONFIRM__CONFIRM_RECOVERY:
		return "Passphrase, to change recovery: ";
	case FOB__CONFIRM__CONFIRM_PASSPHRASE:
		return "Present passphrase: ";
	case FOB__CONFIRM__CONFIRM_VOUCH:
		return "Passphrase, to approve new keys: ";
	default:
		return "Passphrase: ";
	}
}

/* What proves who asks: one of them. */
struct proof {
	ProtobufCBinaryData passphrase, key_file;
	Fob__Fido2Secret *fido2;
};

static int give(struct asking *asking, const Fob__Reply *reply,
		const struct proof *proof)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__UnlockAsk unlock = FOB__UNLOCK_ASK__INIT;
	Fob__ConfirmAsk confirm = FOB__CONFIRM_ASK__INIT;

	if (reply->need == FOB__NEED__NEED_UNLOCK) {
		unlock.passphrase = proof->passphrase;
		unlock.key_file = proof->key_file;
		unlock.fido2 = proof->fido2;
		request.unlock = &unlock;
	} else {
		confirm.kind = reply->confirm;
		confirm.passphrase = proof->passphrase;
		confirm.key_file = proof->key_file;
		confirm.fido2 = proof->fido2;
		request.confirm = &confirm;
	}
	return prove(asking, &request);
}

static int list_slots(struct asking *asking, struct answer *ret_answer)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SlotsAsk slots = FOB__SLOTS_ASK__INIT;
	int r;

	slots.list = true;
	request.slots = &slots;
	r = send_it(asking->fob, &request, asking->timeout_ms);
	return r == 0 ? receive(asking, request.id, ret_answer) : r;
}

static int give_key_file(struct asking *asking, const Fob__Reply *reply)
{
	struct key_file *key AUTO_KEY_FILE = NULL;
	struct proof proof = { .fido2 = NULL };
	int r = key_file_read(asking->fob, asking->fob->key_file, &key);

	if (r != 0)
		return r;
	proof.key_file = (ProtobufCBinaryData){ key->n, key->bytes };
	return give(asking, reply, &proof);
}

static int give_touch(struct asking *asking, const Fob__Reply *reply,
		      const Fob__Reply *slots)
{
	struct key_done done AUTO_KEY_DONE = { 0 };
	struct proof proof = { .fido2 = NULL };
	int r = security_key_secret(asking->fob, slots, &done);

	if (r != 0)
		return r;
	proof.fido2 = done.message->secret;
	return give(asking, reply, &proof);
}

static int give_passphrase(struct asking *asking, const Fob__Reply *reply)
{
	struct fob *fob = asking->fob;
	struct proof proof = { .fido2 = NULL };

	proof.passphrase = (ProtobufCBinaryData){ fob->passphrase->n,
						  fob->passphrase->bytes };
	return give(asking, reply, &proof);
}

/* "Passphrase, to export (Enter: security key): " */
static int ask_either(struct asking *asking, const char *question,
		      const Fob__Reply *slots)
{
	static const char either[] = " (Enter: security key): ";
	struct fob *fob = asking->fob;
	char text[128];
	int r;

	if (security_key_only(slots)) {
		fob->fido2 = true;
		return 0;
	}
	if (!security_key_slot(slots))
		return passphrase_get(fob, question);
	snprintf(text, sizeof(text), "%.*s%s", (int)strcspn(question, ":"),
		 question, either);
	r = passphrase_or_empty(fob, text, &fob->fido2);
	return r;
}

static int satisfy(struct asking *asking, const Fob__Reply *reply)
{
	struct answer slots AUTO_ANSWER = { 0 };
	struct fob *fob = asking->fob;
	const char *question = reply->need == FOB__NEED__NEED_UNLOCK ?
				       "Passphrase: " :
				       confirm_question(reply->confirm);
	bool choice = passphrase_typed(fob) && !fob->passphrase &&
		      prompt_possible();
	int r = 0;

	if (fob->key_file)
		return give_key_file(asking, reply);
	if (fob->fido2 || choice)
		r = list_slots(asking, &slots);
	if (r == 0 && !fob->fido2)
		r = choice ? ask_either(asking, question, slots.reply) :
			     passphrase_get(fob, question);
	if (r != 0)
		return r;
	return fob->fido2 ? give_touch(asking, reply, slots.reply) :
			    give_passphrase(asking, reply);
}

static bool satisfiable(const Fob__Reply *reply)
{
	return reply->need == FOB__NEED__NEED_UNLOCK ||
	       reply->need == FOB__NEED__NEED_CONFIRM;
}

int ask_next(struct asking *asking, struct answer *ret_answer)
{
	unsigned int rounds = 0;

	for (;;) {
		struct answer answer AUTO_ANSWER = { 0 };
		int r = receive(asking, asking->request->id, &answer);

		if (r != 0)
			return r;
		/* A daemon that is never content must not hold us here. */
		if (!satisfiable(answer.reply) || ++rounds > 2 * ATTEMPTS) {
			*ret_answer = answer;
			answer = (struct answer){ 0 };
			return 0;
		}
		r = satisfy(asking, answer.reply);
		if (r == 0)
			r = send_it(asking->fob, asking->request,
				    asking->timeout_ms);
		if (r != 0)
			return r;
	}
}

int ask_aside(struct asking *asking, Fob__Request *request)
{
	return send_it(asking->fob, request, asking->timeout_ms);
}

int ask_failed(struct fob *fob, const Fob__Reply *reply)
{
	unsigned int status = reply->status;
	const char *message = reply->message;

	if (status == STATUS_OK || status >= STATUS_COUNT)
		status = STATUS_FAILED;
	if (!message[0])
		message = reply->need == FOB__NEED__NEED_VAULT ?
				  "there is no vault here yet: "
				  "fob init, or fob join" :
				  status_text(status);
	if (status == STATUS_AMBIGUOUS)
		account_candidates(reply->accounts, reply->n_accounts);
	return fail(fob, status, "%s", message);
}

void answers_free(struct answers *answers)
{
	size_t i;

	for (i = 0; i < answers->n; i++)
		answer_free(&answers->list[i]);
	free(answers->list);
	*answers = (struct answers){ 0 };
}

static int keep(struct fob *fob, struct answers *answers, struct answer *answer)
{
	if (answers->n == answers->capacity) {
		size_t capacity = 2 * answers->capacity + 4;
		void *list = realloc(answers->list,
				     capacity * sizeof(*answers->list));

		if (!list)
			return fail(fob, STATUS_FAILED, "out of memory");
		answers->list = list;
		answers->capacity = capacity;
	}
	answers->list[answers->n++] = *answer;
	*answer = (struct answer){ 0 };
	return 0;
}

int ask_within(struct fob *fob, Fob__Request *request, uint32_t timeout_ms,
	       struct answers *ret_answers)
{
	struct asking asking;
	bool more = true;
	int r = ask_begin(&asking, fob, request);

	asking.timeout_ms = timeout_ms;
	while (r == 0 && more) {
		struct answer answer AUTO_ANSWER = { 0 };

		r = ask_next(&asking, &answer);
		if (r != 0)
			return r;
		if (answer.reply->status != STATUS_OK)
			return ask_failed(fob, answer.reply);
		more = answer.reply->more;
		r = keep(fob, ret_answers, &answer);
	}
	return r;
}

int ask(struct fob *fob, Fob__Request *request, struct answers *ret_answers)
{
	return ask_within(fob, request, command_timeout(fob, COMMAND_TIMEOUT),
			  ret_answers);
}

int ask_plain(struct fob *fob, Fob__Request *request)
{
	struct answers answers AUTO_ANSWERS = { 0 };

	return ask(fob, request, &answers);
}

static int state_of(struct fob *fob, struct answers *answers,
		    const char **ret_state)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__StatusAsk status = FOB__STATUS_ASK__INIT;
	int r;

	request.status = &status;
	r = ask(fob, &request, answers);
	if (r == 0 && answers->list[0].reply->vault)
		*ret_state = answers->list[0].reply->vault->state;
	return r;
}

int ask_unlock(struct fob *fob)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	struct asking asking = {
		.fob = fob,
		.timeout_ms = command_timeout(fob, COMMAND_TIMEOUT),
	};
	Fob__Reply reply;
	const char *state = "";
	unsigned int attempts;
	int r = state_of(fob, &answers, &state);

	fob__reply__init(&reply);
	if (r != 0 || strcmp(state, "unlocked") == 0)
		return r;
	if (strcmp(state, "locked") != 0)
		return fail(fob, STATUS_FAILED, "nothing to unlock: it is %s",
			    state);
	reply.need = FOB__NEED__NEED_UNLOCK;
	do {
		attempts = asking.attempts;
		r = satisfy(&asking, &reply);
	} while (r == 0 && asking.attempts != attempts);
	return r;
}
