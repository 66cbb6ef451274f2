/* fob log: what happened on this device. */
#include "client/ask.h"
#include "client/json.h"
#include "client/print.h"
#include "client/report.h"
#include "client/when.h"
#include "proto/text.h"

static void line_json(struct json *json, const Fob__LogLine *line)
{
	json_object(json, NULL);
	json_time(json, "time", line->time);
	json_text(json, "what", line->what);
	json_text(json, "text", line->text);
	json_object_end(json);
}

static void line_text(struct fob *fob, const Fob__LogLine *line)
{
	char local[PRINT_TIME_SIZE], utc[TEXT_TIME_SIZE];

	print_time(local, line->time);
	text_time(utc, line->time);
	printf("%s\t%s\t", print_terminal(fob) ? local : utc, line->what);
	print_text(stdout, line->text);
	putchar('\n');
}

static int tell(struct fob *fob, const struct answers *answers)
{
	struct json json AUTO_JSON = { 0 };
	size_t i, j;

	json_array(&json, NULL);
	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_log; j++) {
			if (fob->json)
				line_json(&json, reply->log[j]);
			else
				line_text(fob, reply->log[j]);
		}
	}
	json_array_end(&json);
	return fob->json ? print_json(fob, &json) : print_done(fob);
}

static int run_log(struct fob *fob, char **argv)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__LogAsk log;
	char *since = NULL;
	const struct option table[] = {
		{ "since", 0, OPTION_TEXT, &since },
	};
	struct texts arguments;
	int r;

	fob__log_ask__init(&log);
	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	if (since && when_parse(since, &log.since) != 0)
		return fail(fob, STATUS_USAGE, "--since: not a time: %s",
			    since);
	request.log = &log;
	r = ask(fob, &request, &answers);
	return r == 0 ? tell(fob, &answers) : r;
}

const struct command cmd_log = {
	.name = "log",
	.brief = "what happened on this device",
	.help = "Usage: fob log [--since TIME]\n"
		"\n"
		"What happened here, oldest first: devices that came and went,\n"
		"secrets that were shown, wrong passphrases, what was put in\n"
		"quarantine or purged. It keeps 1,000 lines, on this device\n"
		"only, and no secret.\n"
		"\n"
		"  --since TIME   not what was before\n"
		"\n"
		"Example:\n"
		"  $ fob log --since 2025-03-01\n",
	.run = run_log,
};
