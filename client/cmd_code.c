/*
 * fob code: the hot path. One connection, one write, one read, and the bare
 * code on standard output, unless options ask for more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/pick.h"
#include "client/print.h"
#include "client/report.h"
#include "client/when.h"
#include "proto/text.h"

#define CLOCK_ALARM 2000 /* ms */
#define MIN_LEFT_MAX 86400

struct code_options {
	char *query;
	bool pair, wait, all, voted;
	char *at;
	struct number min_left;
	struct pick pick;
	uint64_t at_ms; /* 0: now */
};

/* All codes of all replies, in their order. */
struct codes {
	Fob__Code **list; /* owned, what it points to is not */
	size_t n;
};

static int collect(struct fob *fob, const struct answers *answers,
		   struct codes *ret)
{
	size_t i, j, n = 0;

	for (i = 0; i < answers->n; i++)
		n += answers->list[i].reply->n_codes;
	ret->list = calloc(n + 1, sizeof(*ret->list));
	if (!ret->list)
		return fail(fob, STATUS_FAILED, "out of memory");
	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_codes; j++)
			if (reply->codes[j]->account)
				ret->list[ret->n++] = reply->codes[j];
	}
	return 0;
}

static bool read_options(struct fob *fob, char **argv, struct code_options *o)
{
	const struct option table[] = {
		{ "next", 0, OPTION_FLAG, &o->pick.next },
		{ "pair", 0, OPTION_FLAG, &o->pair },
		{ "min-left", 0, OPTION_NUMBER, &o->min_left },
		{ "wait", 0, OPTION_FLAG, &o->wait },
		{ "at", 0, OPTION_TEXT, &o->at },
		{ "all", 0, OPTION_FLAG, &o->all },
		{ "voted-clock", 0, OPTION_FLAG, &o->voted },
	};
	struct texts arguments;

	return options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) &&
	       options_one(fob, &arguments, &o->query);
}

static int check_options(struct fob *fob, struct code_options *o)
{
	if (o->at && when_parse(o->at, &o->at_ms) != 0)
		return fail(fob, STATUS_USAGE,
			    "--at: neither unix seconds nor ISO 8601: %s",
			    o->at);
	if (o->min_left.value > MIN_LEFT_MAX)
		return fail(fob, STATUS_USAGE, "--min-left: at most %d",
			    MIN_LEFT_MAX);
	if (o->wait && !o->min_left.set)
		return fail(fob, STATUS_USAGE, "--wait goes with --min-left S");
	if (o->wait && o->at)
		return fail(fob, STATUS_USAGE, "--wait cannot wait for --at");
	if (o->pair && (o->pick.next || o->min_left.set))
		return fail(fob, STATUS_USAGE,
			    "--pair gives both codes already");
	/* A daemon takes 0 for now, so the first second cannot be told. */
	if (o->at && o->at_ms == 0)
		o->at_ms = 1;
	o->pick.min_left = o->min_left.value * 1000;
	return 0;
}

static int request_codes(struct fob *fob, struct code_options *o,
			 struct answers *answers, struct codes *codes)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__CodeAsk code;
	int r;

	fob__code_ask__init(&code);
	code.query = o->query;
	code.all = o->all || print_terminal(fob);
	code.at = o->at_ms;
	code.voted_clock = o->voted;
	request.code = &code;
	r = ask(fob, &request, answers);
	if (r == STATUS_AMBIGUOUS)
		note(fob, "For the codes of all of them: fob code --all");
	return r == 0 ? collect(fob, answers, codes) : r;
}

/* With --voted-clock the steps are those of the other devices' clocks. */
static uint64_t now_for(const struct code_options *o, const Fob__Code *code)
{
	uint64_t now = o->at_ms ? o->at_ms : when_now();

	return o->voted ? now - (uint64_t)code->clock_offset_ms : now;
}

/* Sleeps to the end of the step; *ret_slept says whether there was need. */
static void wait_for_step(const struct code_options *o,
			  const struct codes *codes, bool *ret_slept)
{
	uint64_t left = 0, now;
	struct timespec t;
	size_t i;

	for (i = 0; i < codes->n; i++) {
		now = now_for(o, codes->list[i]);
		if (pick_next(&o->pick, codes->list[i], now))
			left = pick_left(codes->list[i], now) > left ?
				       pick_left(codes->list[i], now) :
				       left;
	}
	*ret_slept = left > 0;
	/* A little more: the step must have begun when we ask again. */
	left += 5;
	t.tv_sec = (time_t)(left / 1000);
	t.tv_nsec = (long)(left % 1000) * 1000000;
	if (*ret_slept)
		while (nanosleep(&t, &t) != 0 && errno == EINTR)
			;
}

static void warn_clock(struct fob *fob, const struct codes *codes,
		       const struct code_options *o)
{
	int64_t offset = codes->n ? codes->list[0]->clock_offset_ms : 0;

	if (llabs(offset) > CLOCK_ALARM && !o->at)
		warn(fob,
		     "this clock is off by %.1f s against the other devices"
		     "%s",
		     (double)offset / 1000,
		     o->voted ? "" : "; see --voted-clock");
}

static void code_json(struct json *json, const struct code_options *o,
		      const Fob__Code *code)
{
	bool next = pick_next(&o->pick, code, now_for(o, code));
	uint64_t step = code->valid_to - code->valid_from;

	json_object(json, NULL);
	account_json_name(json, code->account);
	json_text_or_null(json, "code", next ? code->next : code->code);
	if (next)
		json_null(json, "next");
	else
		json_text_or_null(json, "next", code->next);
	json_time(json, "valid_from", next ? code->valid_to : code->valid_from);
	json_time(json, "valid_to",
		  next ? code->valid_to + step : code->valid_to);
	json_number(json, "period", code->account->period);
	json_number(json, "counter", code->account->counter);
	json_number(json, "copies", code->account->copies);
	json_signed(json, "clock_offset_ms", code->clock_offset_ms);
	json_bool(json, "conflict", code->conflict);
	json_object_end(json);
}

static int as_json(struct fob *fob, const struct code_options *o,
		   const struct codes *codes)
{
	struct json json AUTO_JSON = { 0 };
	size_t i;

	json_array(&json, NULL);
	for (i = 0; i < codes->n; i++)
		code_json(&json, o, codes->list[i]);
	json_array_end(&json);
	return print_json(fob, &json);
}

/* What is shown of a code: one, or with --pair two. Empty: there is none. */
#define SHOWN_SIZE 64

static void shown(const struct code_options *o, const Fob__Code *code,
		  char ret[static SHOWN_SIZE])
{
	bool next = pick_next(&o->pick, code, now_for(o, code));

	if (o->pair)
		snprintf(ret, SHOWN_SIZE, "%s %s", code->code, code->next);
	else
		snprintf(ret, SHOWN_SIZE, "%s", next ? code->next : code->code);
}

static int print_one(struct fob *fob, const struct code_options *o,
		     const Fob__Code *code)
{
	char text[SHOWN_SIZE];

	if ((o->pair || o->pick.next) && !code->next[0])
		return fail(fob, STATUS_USAGE,
			    "a code of type %s has no next step",
			    code->account->type);
	shown(o, code, text);
	if (!text[0])
		return fail(fob, STATUS_NOT_FOUND, "there is no code in it");
	puts(text);
	return print_done(fob);
}

static int print_lines(struct fob *fob, const struct code_options *o,
		       const struct codes *codes)
{
	char text[SHOWN_SIZE];
	size_t i;

	for (i = 0; i < codes->n; i++) {
		const Fob__Code *code = codes->list[i];

		shown(o, code, text);
		print_text(stdout, code->account->issuer);
		putchar('\t');
		print_text(stdout, code->account->account);
		printf("\t%s\n", text);
	}
	return print_done(fob);
}

static void add_row(struct table *table, const struct code_options *o,
		    const Fob__Code *code)
{
	uint64_t now = now_for(o, code), left = pick_left(code, now);
	char text[SHOWN_SIZE], cell[32] = "";
	char vid[TEXT_HEX_SIZE(4)];

	shown(o, code, text);
	table_add(table, text[0] ? text : "(counter)");
	if (left != UINT64_MAX && !pick_next(&o->pick, code, now))
		snprintf(cell, sizeof(cell), "%llu s",
			 (unsigned long long)(left + 999) / 1000);
	table_add(table, cell);
	table_add(table, code->account->issuer);
	table_add(table, code->account->account);
	cell[0] = '\0';
	if (code->conflict) {
		text_hex_encode(vid, sizeof(vid),
				(struct bytes){ code->vid.data,
						size_min(code->vid.len, 4) });
		snprintf(cell, sizeof(cell), "conflict %s", vid);
	}
	table_add(table, cell);
}

static int print_table(struct fob *fob, const struct code_options *o,
		       const struct codes *codes)
{
	struct table table AUTO_TABLE;
	size_t i;

	table_init(&table, 5);
	table_add(&table, "CODE");
	table_add(&table, "LEFT");
	table_add(&table, "ISSUER");
	table_add(&table, "ACCOUNT");
	table_add(&table, "");
	for (i = 0; i < codes->n; i++)
		add_row(&table, o, codes->list[i]);
	table_print(fob, &table);
	return print_done(fob);
}

static bool conflict_in(const struct codes *codes)
{
	size_t i;

	for (i = 0; i < codes->n; i++)
		if (codes->list[i]->conflict)
			return true;
	return false;
}

static int print_codes(struct fob *fob, const struct code_options *o,
		       const struct codes *codes)
{
	if (!o->all && !print_terminal(fob) && conflict_in(codes))
		return fail(fob, STATUS_CONFLICT,
			    "it has two live seeds: see fob conflicts, "
			    "or use --all");
	warn_clock(fob, codes, o);
	if (fob->json)
		return as_json(fob, o, codes);
	if (print_terminal(fob) && codes->n > 1)
		return print_table(fob, o, codes);
	if (o->all && !print_terminal(fob))
		return print_lines(fob, o, codes);
	if (codes->n == 0)
		return fail(fob, STATUS_NOT_FOUND, "nothing matches");
	return print_one(fob, o, codes->list[0]);
}

static int run_code(struct fob *fob, char **argv)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	struct code_options o = { 0 };
	struct codes codes = { 0 };
	bool slept = false;
	int r;

	if (!read_options(fob, argv, &o))
		return fob->status;
	r = check_options(fob, &o);
	if (r == 0)
		r = request_codes(fob, &o, &answers, &codes);
	if (r == 0 && o.wait)
		wait_for_step(&o, &codes, &slept);
	if (slept) {
		free(codes.list);
		codes = (struct codes){ 0 };
		answers_free(&answers);
		/* A full step is as much as there ever is. */
		o.pick.min_left = 0;
		r = request_codes(fob, &o, &answers, &codes);
	}
	if (r == 0)
		r = print_codes(fob, &o, &codes);
	free(codes.list);
	return r;
}

const struct command cmd_code = {
	.name = "code",
	.brief = "the code of an account",
	.help = "Usage: fob code [QUERY] [options]\n"
		"\n"
		"Prints the code of the one account that matches; several at\n"
		"a terminal: a table, with the seconds that are left. A QUERY\n"
		"is an id, or its first 8 letters and more, issuer/account, or\n"
		"words that occur in them.\n"
		"\n"
		"  --next         the next step's code\n"
		"  --pair         this step's and the next step's code\n"
		"  --min-left S   the next step's code when less than S seconds\n"
		"                 are left\n"
		"  --wait         wait for the next step instead\n"
		"  --at TIME      unix seconds or ISO 8601 (UTC without a zone)\n"
		"  --all          all that match: issuer, account, code\n"
		"  --voted-clock  by the clocks of the other devices\n"
		"\n"
		"Exits 3 when nothing matches, 4 when several do, 9 when the\n"
		"account has two seeds (see fob conflicts).\n"
		"\n"
		"Example:\n"
		"  $ fob code github --min-left 5 --wait\n"
		"  492039\n",
	.run = run_code,
};
