/* fob doctor: what may go wrong one day. */
#include <string.h>

#include "client/ask.h"
#include "client/json.h"
#include "client/print.h"
#include "client/report.h"

static bool serious(const Fob__Finding *f)
{
	return strcmp(f->severity, "info") != 0;
}

static void finding_json(struct json *json, const Fob__Finding *f)
{
	json_object(json, NULL);
	json_text(json, "check", f->check);
	json_text(json, "severity", f->severity);
	json_text(json, "subject", f->subject);
	json_text(json, "message", f->message);
	json_text(json, "fix", f->fix);
	json_object_end(json);
}

static void finding_text(struct fob *fob, const Fob__Finding *f)
{
	bool bad = strcmp(f->severity, "bad") == 0;

	if (print_colour(fob) && serious(f))
		printf("\033[%sm%-4s\033[0m  ", bad ? "1;31" : "33",
		       f->severity);
	else
		printf("%-4s  ", f->severity);
	print_text(stdout, f->message);
	printf("\t");
	print_text(stdout, f->fix);
	putchar('\n');
}

static int tell(struct fob *fob, const struct answers *answers)
{
	struct json json AUTO_JSON = { 0 };
	bool attention = false;
	size_t i, j, n = 0;
	int r;

	json_array(&json, NULL);
	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_findings; j++, n++) {
			attention = attention || serious(reply->findings[j]);
			if (fob->json)
				finding_json(&json, reply->findings[j]);
			else
				finding_text(fob, reply->findings[j]);
		}
	}
	json_array_end(&json);
	r = fob->json ? print_json(fob, &json) : print_done(fob);
	if (n == 0)
		note(fob, "nothing was found");
	return r == 0 && attention ? STATUS_ATTENTION : r;
}

static int run_doctor(struct fob *fob, char **argv)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__DoctorAsk doctor;
	struct number copies = { 0 };
	const struct option table[] = {
		{ "copies", 0, OPTION_NUMBER, &copies },
	};
	struct texts arguments;
	int r;

	fob__doctor_ask__init(&doctor);
	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	if (copies.set && (copies.value < 1 || copies.value > 64))
		return fail(fob, STATUS_USAGE, "--copies: 1 to 64");
	doctor.copies = (uint32_t)copies.value;
	request.doctor = &doctor;
	r = ask(fob, &request, &answers);
	return r == 0 ? tell(fob, &answers) : r;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.brief = "what may go wrong one day, and the remedy",
	.help = "Usage: fob doctor [--copies N]\n"
		"\n"
		"Looks for what would lock you out: accounts on one device\n"
		"only, devices that are silent, a kit that was never proven,\n"
		"snapshots that are old, accounts that can only be reset\n"
		"through themselves, and more. A line for each, worst first,\n"
		"with the command that mends it. Exits 10 when something\n"
		"needs attention.\n"
		"\n"
		"  --copies N   how many devices shall hold each account (2)\n"
		"\n"
		"Example:\n"
		"  $ fob doctor\n"
		"  warn  nobody has proven yet that ...  fob kit verify\n",
	.run = run_doctor,
};
