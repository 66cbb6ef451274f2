/*
 * The simulator: stories with golden traces, and swarms of random ones.
 *
 *	sim				all stories, and a small swarm
 *	sim STORY... [--trace]		these only; with the trace on stdout
 *	sim --list
 *	sim --update [STORY...]		writes the golden traces anew
 *	sim --seeds N [--from S]	N random worlds, and what happened there;
 *					--jobs N: in so many processes
 *	sim --seed S [--trace]		that one; with --faults HEX, --steps HEX
 *					and --nodes N as --shrink writes them
 *	sim --shrink S			makes a failure of that seed small
 *	sim --digest N			one number for all that N worlds did
 *
 * Runs in the top folder of the project. Every story is told twice, and the
 * traces must be equal, to each other and to the golden one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/crowd.h"
#include "tests/sim/scarce.h"

#define GOLDEN "tests/sim/golden"
#define SEEDS "tests/sim/seeds"
/*
 * Random worlds of a run without arguments: FIXED ones that are always the
 * same, the others of their own with each commit (FOB_TURN).
 */
#ifdef FOB_SANITIZED
#define SWARM_FIXED 10
#define SWARM_DEFAULT 30
#else
#define SWARM_FIXED 450
#define SWARM_DEFAULT 500
#endif
#define SWARM_TURN 100000 /* seeds from one commit to the next */
#define SWARM_DIGEST 6	  /* worlds that have to be the same in all builds */
#define STORY_SEED 1
/* Of the stories one in so many has its memory run out, in some ways. */
#define SCARCE_STORIES 16
#define SCARCE_WAYS 4

struct options {
	bool list, update, trace, swarm, shrink, digest;
	uint64_t seeds, from, fixed;
	unsigned jobs;
	struct swarm_plan plan;
	char **names;
	int n_names;
};

/* --- stories ----------------------------------------------------------------- */

static const struct story *const lists[] = { stories_sync,    stories_merge,
					     stories_members, stories_trouble,
					     stories_bytes,   stories_recover,
					     stories_loss,    stories_reset,
					     stories_withheld };

static const struct story *find_story(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (const struct story *s = lists[i]; s->name; s++)
			if (!strcmp(s->name, name))
				return s;
	return NULL;
}

/* The trace, owned by the caller. */
static char *tell(const struct story *story, bool echo,
		  void (*prepare)(struct world *world))
{
	struct world *world = malloc(sizeof(*world));
	char *trace;

	REQUIRE(world);
	world_init(world, STORY_SEED);
	world->echo = echo;
	if (prepare)
		prepare(world);
	story->tell(world);
	trace = strdup(world->trace ? world->trace : "");
	REQUIRE(trace);
	world_deinit(world);
	free(world);
	return trace;
}

static char *read_golden(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text;
	size_t n;

	if (!file)
		return NULL;
	fseek(file, 0, SEEK_END);
	n = (size_t)ftell(file);
	rewind(file);
	text = calloc(n + 1, 1);
	REQUIRE(text && fread(text, 1, n, file) == n);
	fclose(file);
	return text;
}

static int write_golden(const char *path, const char *trace)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(trace, file) < 0 || fclose(file) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	return 0;
}

/* Where two traces part: the line of each. */
static void show_difference(const char *was, const char *is)
{
	unsigned line = 1;
	size_t start = 0;

	for (size_t i = 0; was[i] && was[i] == is[i]; i++)
		if (was[i] == '\n') {
			line++;
			start = i + 1;
		}
	printf("line %u was: %.*s\nline %u is:  %.*s\n", line,
	       (int)strcspn(was + start, "\n"), was + start, line,
	       (int)strcspn(is + start, "\n"), is + start);
}

static int judge(const struct story *story, const char *first,
		 const char *second, bool update)
{
	char path[256];
	AUTO_FREE char *golden = NULL;

	snprintf(path, sizeof(path), GOLDEN "/%s.trace", story->name);
	if (strcmp(first, second) != 0) {
		printf("%s: two runs differ\n", story->name);
		show_difference(first, second);
		return 1;
	}
	if (update)
		return write_golden(path, first);
	golden = read_golden(path);
	if (!golden) {
		printf("%s: no golden trace; look at sim %s --trace, then "
		       "write it with --update\n",
		       story->name, story->name);
		return 1;
	}
	if (strcmp(golden, first) != 0) {
		printf("%s: the trace has changed (sim --update %s writes "
		       "it)\n",
		       story->name, story->name);
		show_difference(golden, first);
		return 1;
	}
	return 0;
}

/* The stories, and the ways in them, whose turn it is; a long run has all. */
static unsigned turns(unsigned usual)
{
	const char *minutes = getenv("FOB_LONG");

	return minutes && *minutes ? 1 : usual;
}

static unsigned turn_now(void)
{
	const char *turn = getenv("FOB_TURN");

	return turn ? (unsigned)strtoul(turn, NULL, 10) : 0;
}

static bool is_scarce(const struct story *story)
{
	unsigned n = 0;

#ifdef FOB_SANITIZED
	return false; /* a fork takes too long */
#endif
	for (const char *c = story->name; *c; c++)
		n = 31 * n + (unsigned char)*c;
	n = n * 2654435761u >> 16;
	return (n + turn_now()) % turns(SCARCE_STORIES) == 0;
}

static void climb(struct world *world)
{
	scarce_climb(world, turn_now() / SCARCE_STORIES, turns(SCARCE_WAYS));
}

static int tell_twice(const struct story *story, const struct options *options)
{
	bool scarce = is_scarce(story);
	AUTO_FREE char *first =
		tell(story, options->trace, scarce ? scarce_watch : NULL);
	AUTO_FREE char *second = NULL;

	if (options->trace)
		return 0;
	second = tell(story, false, scarce ? climb : NULL);
	return judge(story, first, second, options->update);
}

/* --- each in a process of its own --------------------------------------------- */

struct telling {
	const struct story *story;
	const struct options *options;
};

static int run_story(const void *what, bool trace UNUSED)
{
	const struct telling *telling = what;

	return tell_twice(telling->story, telling->options);
}

static int one_story(const struct story *story, const struct options *options)
{
	const struct telling telling = { story, options };
	int r = in_child(run_story, &telling, false);

	printf("%-24s %s\n", story->name, r ? "FAILED" : "ok");
	return r;
}

static int all_stories(const struct options *options)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (const struct story *s = lists[i]; s->name; s++)
			failed += one_story(s, options) != 0;
	return failed;
}

static int named_stories(const struct options *options)
{
	int failed = 0;

	for (int i = 0; i < options->n_names; i++) {
		const struct story *story = find_story(options->names[i]);

		if (!story) {
			fprintf(stderr, "no story of the name %s\n",
				options->names[i]);
			failed++;
			continue;
		}
		failed += one_story(story, options) != 0;
	}
	return failed;
}

/* --- swarms --------------------------------------------------------------------- */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* seeds: owned by the caller, of options->seeds. */
static struct crowd crowd_of(const struct options *options,
			     const uint64_t *seeds)
{
	return (struct crowd){ .seeds = seeds,
			       .n = options->seeds,
			       .plan = options->plan,
			       .jobs = options->jobs,
			       .trace = options->trace };
}

/* The first ones from there, the others from here. */
static uint64_t *draw_seeds(const struct options *options)
{
	uint64_t *seeds = calloc(options->seeds + 1, sizeof(*seeds));

	REQUIRE(seeds);
	for (uint64_t i = 0; i < options->seeds; i++)
		seeds[i] = i < options->fixed ?
				   1 + i :
				   options->from + i - options->fixed;
	return seeds;
}

static int swarm(const struct options *options)
{
	double start = seconds(), took;
	AUTO_FREE uint64_t *seeds = draw_seeds(options);
	struct crowd crowd = crowd_of(options, seeds);
	int failed = crowd_run(&crowd);

	took = seconds() - start;
	if (options->digest) {
		printf("%016llx\n", (unsigned long long)crowd_digest());
		return failed;
	}
	if (options->seeds > 1)
		failed += crowd_show_tally(options->seeds);
	if (options->fixed)
		printf("seeds 1 to %llu, and %llu to %llu\n",
		       (unsigned long long)options->fixed,
		       (unsigned long long)options->from,
		       (unsigned long long)(options->from + options->seeds -
					    options->fixed - 1));
	printf("%llu random worlds, %d failed; %.1f seeds/s, %.1f virtual "
	       "years\n",
	       (unsigned long long)options->seeds, failed,
	       (double)options->seeds / took, crowd_virtual_years());
	return failed;
}

/* Seeds of former failures, a line each; what follows on it is for people. */
static int former_failures(const struct options *options)
{
	FILE *file = fopen(SEEDS, "r");
	char line[256];
	uint64_t seeds[64];
	struct crowd crowd = crowd_of(options, seeds);

	if (!file) {
		fprintf(stderr, SEEDS ": %s\n", strerror(errno));
		return 1;
	}
	crowd.n = 0;
	while (crowd.n < ARRAY_SIZE(seeds) && fgets(line, sizeof(line), file))
		seeds[crowd.n++] = strtoull(line, NULL, 10);
	fclose(file);
	return crowd_run(&crowd);
}

/* What another build of the same sources says, if there is one. */
static bool other_digest(char ret[static 32])
{
	const char *build = getenv("FOB_BUILD");
	char command[512];
	bool good;
	FILE *pipe;

	if (!build)
		return false;
	snprintf(command, sizeof(command),
		 "exec '%s'/tests/sim --digest %d 2>&1", build, SWARM_DIGEST);
	pipe = popen(command, "r");
	good = pipe && fgets(ret, 32, pipe);
	if (pipe)
		good = pclose(pipe) == 0 && good;
	ret[strcspn(ret, "\n")] = '\0';
	return good;
}

/* The same worlds in this build and in FOB_BUILD: all that happens is alike. */
static int same_elsewhere(const struct options *options)
{
	struct options these = *options;
	char other[32] = "", own[32];
	AUTO_FREE uint64_t *seeds = NULL;
	struct crowd crowd;
	int failed;

	if (!other_digest(other))
		return 0;
	these.seeds = SWARM_DIGEST;
	these.from = 1;
	these.fixed = 0;
	seeds = draw_seeds(&these);
	crowd = crowd_of(&these, seeds);
	crowd_digest();
	failed = crowd_run(&crowd);
	snprintf(own, sizeof(own), "%016llx",
		 (unsigned long long)crowd_digest());
	printf("%d worlds here and in FOB_BUILD: %s, %s\n", SWARM_DIGEST, own,
	       other);
	return failed + (strcmp(own, other) != 0);
}

static int make_small(const struct options *options)
{
	struct swarm_plan plan = swarm_plan(options->from);

	if (!crowd_fails(&plan)) {
		printf("seed %llu does not fail\n",
		       (unsigned long long)plan.seed);
		return 1;
	}
	shrink(&plan, crowd_fails);
	crowd_says_failed(&plan);
	return 0;
}

/* --- the command line -------------------------------------------------------------- */

static int usage(void)
{
	fputs("usage: sim [--list] [--update] [--trace] [STORY...]\n"
	      "       sim --seeds N [--from S] [--jobs N]\n"
	      "       sim --seed S [--trace] [--faults HEX] [--steps HEX] "
	      "[--nodes N]\n"
	      "       sim --shrink S\n"
	      "       sim --digest N [--from S]\n",
	      stderr);
	return 2;
}

static bool number(char **argv, int argc, int *at, uint64_t *ret)
{
	char *end;

	if (*at + 1 >= argc)
		return false;
	*ret = strtoull(argv[++*at], &end, 10);
	return end != argv[*at] && !*end;
}

/* Hexadecimal digits, 16 of each word. */
static bool bits(char **argv, int argc, int *at, uint64_t ret[static 2])
{
	char *text = *at + 1 < argc ? argv[++*at] : NULL, word[17];
	size_t n = text ? strlen(text) : 0;

	if (n == 0 || n > 32 || text[strspn(text, "0123456789abcdef")])
		return false;
	ret[0] = ret[1] = 0;
	for (size_t i = 0; i < n; i += 16) {
		snprintf(word, sizeof(word), "%.16s", text + i);
		ret[i / 16] = strtoull(word, NULL, 16);
	}
	return true;
}

static bool parse_plan(int argc, char **argv, int *at, struct options *ret)
{
	uint64_t words[2] = { 0 };
	const char *name = argv[*at];

	if (!strcmp(name, "--steps"))
		return bits(argv, argc, at, ret->plan.steps);
	if (!strcmp(name, "--faults")) {
		bool good = bits(argv, argc, at, words);

		ret->plan.faults = (uint32_t)words[0];
		return good;
	}
	if (strcmp(name, "--nodes") != 0 || !number(argv, argc, at, words))
		return false;
	ret->plan.nodes = (int)words[0];
	return true;
}

static bool parse(int argc, char **argv, struct options *ret)
{
	bool good = true;
	uint64_t jobs;

	for (int i = 1; i < argc && good; i++) {
		if (!strcmp(argv[i], "--list")) {
			ret->list = true;
		} else if (!strcmp(argv[i], "--update")) {
			ret->update = true;
		} else if (!strcmp(argv[i], "--trace")) {
			ret->trace = true;
		} else if (!strcmp(argv[i], "--seeds")) {
			good = number(argv, argc, &i, &ret->seeds);
			ret->swarm = true;
		} else if (!strcmp(argv[i], "--from")) {
			good = number(argv, argc, &i, &ret->from);
		} else if (!strcmp(argv[i], "--seed")) {
			good = number(argv, argc, &i, &ret->from);
			ret->seeds = 1;
			ret->swarm = true;
		} else if (!strcmp(argv[i], "--shrink")) {
			good = number(argv, argc, &i, &ret->from);
			ret->shrink = true;
		} else if (!strcmp(argv[i], "--digest")) {
			good = number(argv, argc, &i, &ret->seeds);
			ret->swarm = ret->digest = true;
		} else if (!strcmp(argv[i], "--jobs")) {
			good = number(argv, argc, &i, &jobs) && jobs > 0 &&
			       jobs <= CROWD_JOBS_MAX;
			ret->jobs = (unsigned)jobs;
		} else if (argv[i][0] == '-') {
			good = parse_plan(argc, argv, &i, ret);
		} else {
			ret->names[ret->n_names++] = argv[i];
		}
	}
	return good;
}

static int list_stories(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (const struct story *s = lists[i]; s->name; s++)
			puts(s->name);
	return 0;
}

static int run_all(struct options *options)
{
	int failed = all_stories(options);

	printf("%lu allocations failed\n", scarce_count());
	if (options->update)
		return failed;
	crowd_init();
	failed += former_failures(options) + same_elsewhere(options);
	options->fixed = SWARM_FIXED;
	options->seeds = SWARM_DEFAULT;
	options->from = SWARM_TURN * (UINT64_C(1) + turn_now()) + 1;
	failed += swarm(options);
	crowd_deinit();
	return failed;
}

static int run(struct options *options)
{
	int failed;

	if (options->list)
		return list_stories();
	if (options->n_names) {
		failed = named_stories(options);
		printf("%lu allocations failed\n", scarce_count());
		return failed;
	}
	if (!options->shrink && !options->swarm)
		return run_all(options);
	crowd_init();
	failed = options->shrink ? make_small(options) : swarm(options);
	crowd_deinit();
	return failed;
}

int main(int argc, char **argv)
{
	struct options options = { .from = 1,
				   .jobs = 1,
				   .plan = swarm_plan(0) };
	int r;

	scarce_init();
	options.names = calloc((size_t)argc + 1, sizeof(*options.names));
	REQUIRE(options.names);
	if (!parse(argc, argv, &options)) {
		free(options.names);
		return usage();
	}
	r = run(&options);
	free(options.names);
	return r ? 1 : 0;
}
