/* crosstapctl: asks a running sensor.  The command line, and the way to the socket. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "version.h"

enum { EXIT_OK, EXIT_REFUSED, EXIT_WRONG, WAIT_MS = 15000, TEXT_MAX = 512 };

static const char default_socket[] = "/run/crosstap/control";

/* ---- the commands ---- */
static const struct command {
	const char *name, *argument; /* argument: key of the request for the one word behind it */
	bool list;
	const char *help;
} commands[] = {
	{ "status", NULL, false, "the sensor: interfaces, outputs, edge, evidence, open incidents" },
	{ "stats", NULL, true, "every counter (--verbose: what to do when it moves)" },
	{ "tables", NULL, true, "what is remembered, and how full it is" },
	{ "incidents", NULL, true, "open incidents (--all: closed ones too)" },
	{ "why", "id", false, "one incident: facts, packets, host events, what was asked" },
	{ "bindings", NULL, true, "which address belongs to which station" },
	{ "vantage", NULL, true, "how much of each segment is seen" },
	{ "authority", NULL, true, "what is declared, and who serves" },
	{ "learned", NULL, true, "what could be declared, as YAML to approve" },
	{ "senders", NULL, true, "who sends host events, and how well" },
	{ "clocks", NULL, true, "how wrong the hosts' clocks are" },
	{ "mutes", NULL, true, "what is muted, and until when" },
	{ "mute", NULL, false, "holds incidents back for a while" },
	{ "reload", NULL, false, "what SIGHUP does" },
	{ "top", NULL, false, "a live screen; q ends it" },
};

static void
help(void)
{
	puts("crosstapctl asks a running crosstap.\n\n  crosstapctl [-s SOCKET] [--json] COMMAND\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("    %-10s %s\n", commands[i].name, commands[i].help);
	puts("\n  crosstapctl mute --for 2h|--until TIME --reason TEXT [--detection NAME] [--actor MAC]\n"
	     "              [--segment PATTERN] [--verdict suspected|probable|confirmed]\n"
	     "\n    -s SOCKET   default /run/crosstap/control (`control: {socket: ...}` of the sensor)\n"
	     "    --json      the sensor's answers as they are, one line each\n"
	     "\nExit status: 0 answered; 1 the sensor refused or cannot be reached; 2 usage.");
}

/* ---- the socket ---- */
static bool
unreachable(const struct ctl *c, int why)
{
	const char *remedy = "see the sensor's messages";
	if (why == ENOENT)
		remedy = "is the sensor running, with `control: {socket: ...}` in its configuration? Another "
			 "path: -s";
	else if (why == ECONNREFUSED)
		remedy = "the socket is left over and no sensor listens: start it (systemctl start crosstap)";
	else if (why == EACCES || why == EPERM)
		remedy = "you may not write to it: join the group that owns it (ls -l), or see control.mode";
	else if (why == ENAMETOOLONG)
		remedy = "a socket's path has at most 107 bytes";
	fprintf(stderr, "crosstapctl: %s: %s: %s\n", c->socket, strerror(why), remedy);
	return false;
}

bool
ctl_connect(struct ctl *c)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = strlen(c->socket);
	if (n >= sizeof(un.sun_path))
		return unreachable(c, ENAMETOOLONG);
	memcpy(un.sun_path, c->socket, n + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (void *)&un, sizeof(un)) != 0)
		return unreachable(c, errno);
	return true;
}

static bool
send_all(struct ctl *c, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(c->fd, text, n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		text += sent;
		n -= (size_t)sent;
	}
	return true;
}

/* One line into c->answer. */
static bool
read_line(struct ctl *c)
{
	size_t n = 0;
	while (n < sizeof(c->answer)) {
		struct pollfd p = { .fd = c->fd, .events = POLLIN };
		int ready = poll(&p, 1, WAIT_MS);
		if (ready < 0 && errno == EINTR)
			continue;
		ssize_t got = ready > 0 ? recv(c->fd, c->answer + n, sizeof(c->answer) - n, 0) : 0;
		if (got <= 0)
			return false;
		n += (size_t)got;
		if (c->answer[n - 1] != '\n')
			continue;
		c->answer[n - 1] = 0;
		return true;
	}
	return false;
}

static json_t *
refused(const json_t *answer)
{
	char error[TEXT_MAX], remedy[TEXT_MAX];
	fprintf(stderr, "crosstapctl: %s: %s\n", ctl_text(answer, "error", error, sizeof(error)),
		ctl_text(answer, "remedy", remedy, sizeof(remedy)));
	return NULL;
}

json_t *
ctl_ask(struct ctl *c, json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	bool sent = text && send_all(c, text, strlen(text)) && send_all(c, "\n", 1);
	free(text);
	if (!sent || !read_line(c)) {
		fprintf(stderr,
			"crosstapctl: %s: no answer: the sensor stopped, or closed the connection; "
			"see its messages\n",
			c->socket);
		return NULL;
	}
	json_t *answer = json_loads(c->answer, 0, NULL);
	if (!json_is_object(answer)) {
		json_decref(answer);
		fprintf(stderr,
			"crosstapctl: %s: this is no answer of a sensor: is it another program's "
			"socket?\n",
			c->socket);
		return NULL;
	}
	if (json_is_true(json_object_get(answer, "ok")))
		return answer;
	if (c->json)
		puts(c->answer);
	refused(answer);
	json_decref(answer);
	return NULL;
}

json_t *
ctl_rows(struct ctl *c, json_t *request)
{
	json_t *all = NULL;
	json_int_t from = 0;
	for (;;) {
		json_object_set_new(request, "from", json_integer(from));
		json_t *page = ctl_ask(c, json_incref(request));
		if (page == NULL) {
			json_decref(all);
			all = NULL;
			break;
		}
		if (c->json)
			puts(c->answer);
		json_t *next = json_object_get(page, "next");
		json_int_t to = json_is_integer(next) ? json_integer_value(next) : 0;
		if (all == NULL)
			all = json_incref(page);
		else
			json_array_extend(json_object_get(all, "rows"), json_object_get(page, "rows"));
		json_decref(page);
		if (to <= from) /* a row that fits into no page would be asked for for ever */
			break;
		from = to;
	}
	json_decref(request);
	return all;
}

/* ---- the command line ---- */
static int
usage(const char *what, const char *word)
{
	fprintf(stderr, "crosstapctl: %s%s%s: see crosstapctl --help\n", what, word ? ": " : "",
		word ? word : "");
	return EXIT_WRONG;
}

/* "90s", "30m", "2h", "1d" from now as a time (RFC 3339). */
static bool
add_for(json_t *request, const char *text)
{
	static const struct {
		char unit;
		long seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char *end, at[32];
	struct tm tm;
	long n = strtol(text, &end, 10), seconds = 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (*end == units[i].unit && end[1] == 0)
			seconds = units[i].seconds;
	if (end == text || n <= 0 || n > 36500 || seconds == 0)
		return false;
	time_t t = time(NULL) + n * seconds;
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	return json_object_set_new(request, "until", json_string(at)) == 0;
}

/* Reads what stands behind the command into the request.  An exit status. */
static int
arguments(json_t *request, const struct command *cmd, bool *verbose, int argc, char **argv)
{
	static const char *const keys[] = { "detection", "actor", "segment", "verdict", "until", "reason" };
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];
		bool known = false;
		if (strcmp(word, "--all") == 0 && strcmp(cmd->name, "incidents") == 0) {
			json_object_set_new(request, "all", json_true());
			continue;
		}
		if (strcmp(word, "--verbose") == 0 || strcmp(word, "-v") == 0) {
			*verbose = true;
			continue;
		}
		if (cmd->argument && word[0] != '-' && !json_object_get(request, cmd->argument)) {
			json_object_set_new(request, cmd->argument, json_string(word));
			continue;
		}
		if (strcmp(cmd->name, "mute") != 0 || strncmp(word, "--", 2) != 0)
			return usage("found an argument that is none", word);
		if (i + 1 == argc)
			return usage("found no value behind", word);
		const char *value = argv[++i];
		if (strcmp(word, "--for") == 0) {
			if (!add_for(request, value))
				return usage("--for: expected a time like 30m, 2h or 1d, found", value);
			continue;
		}
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			if (strcmp(word + 2, keys[k]) == 0) {
				known = true;
				if (json_object_set_new(request, keys[k], json_string(value)) != 0)
					return usage("found text that is not UTF-8", NULL);
			}
		if (!known)
			return usage("found an unknown option", word);
	}
	if (cmd->argument && !json_object_get(request, cmd->argument))
		return usage("found no incident, expected its 16 hex digits behind", cmd->name);
	return EXIT_OK;
}

static int
run(struct ctl *c, const struct command *cmd, json_t *request, bool verbose)
{
	if (!ctl_connect(c)) {
		json_decref(request);
		return EXIT_REFUSED;
	}
	if (strcmp(cmd->name, "top") == 0) {
		json_decref(request);
		return ctl_top(c);
	}
	json_t *answer = cmd->list ? ctl_rows(c, request) : ctl_ask(c, request);
	if (answer == NULL)
		return EXIT_REFUSED;
	if (c->json && !cmd->list)
		puts(c->answer);
	if (!c->json)
		ctl_print(verbose && strcmp(cmd->name, "stats") == 0 ? "stats -v" : cmd->name, answer);
	json_decref(answer);
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_REFUSED;
}

int
main(int argc, char **argv)
{
	static struct ctl c = { .socket = default_socket, .fd = -1 };
	const struct command *cmd = NULL;
	bool verbose = false;
	int i = 1;
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			help();
			return EXIT_OK;
		}
		if (strcmp(argv[i], "--version") == 0) {
			puts("crosstapctl " CROSSTAP_VERSION);
			return EXIT_OK;
		}
		if (strcmp(argv[i], "--json") == 0)
			c.json = true;
		else if (strcmp(argv[i], "-s") == 0 && i + 1 < argc)
			c.socket = argv[++i];
		else
			return usage("found an unknown option", argv[i]);
	}
	if (i == argc)
		return usage("found no command", NULL);
	for (size_t k = 0; k < sizeof(commands) / sizeof(commands[0]); k++)
		if (strcmp(commands[k].name, argv[i]) == 0)
			cmd = &commands[k];
	if (cmd == NULL)
		return usage("found an unknown command", argv[i]);
	/* --json may stand behind the command too */
	for (int k = i + 1; k < argc; k++)
		if (strcmp(argv[k], "--json") == 0) {
			c.json = true;
			memmove(&argv[k], &argv[k + 1], (size_t)(argc-- - k - 1) * sizeof(argv[0]));
			k--;
		}
	json_t *request = json_pack("{s:s}", "ask", cmd->name);
	int status = arguments(request, cmd, &verbose, argc - i - 1, argv + i + 1);
	if (status != EXIT_OK) {
		json_decref(request);
		return status;
	}
	return run(&c, cmd, request, verbose);
}
