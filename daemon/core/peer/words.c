#include "daemon/core/peer/words.h"

/* The order is the format: a word must never move. */
static const char words[256][WORDS_LENGTH_MAX + 1] = {
	"acorn",  "actor",  "alarm",  "album",	"amber",  "anchor", "angel",
	"ankle",  "apple",  "april",  "apron",	"arrow",  "aunt",   "autumn",
	"bacon",  "badge",  "bagel",  "baker",	"bamboo", "banjo",  "barn",
	"basket", "beach",  "bean",   "beard",	"beetle", "belt",   "berry",
	"bishop", "blade",  "blue",   "boat",	"bonus",  "border", "bottle",
	"branch", "bread",  "brick",  "bridge", "broom",  "brush",  "bubble",
	"bucket", "butter", "button", "cabin",	"cable",  "cactus", "camel",
	"camera", "candle", "canoe",  "canyon", "carbon", "carpet", "castle",
	"cedar",  "cellar", "chain",  "chalk",	"cheese", "cherry", "chess",
	"cinema", "circle", "clay",   "cliff",	"clock",  "cloud",  "coach",
	"cobra",  "coffee", "comet",  "copper", "coral",  "cotton", "cousin",
	"crab",	  "crane",  "crown",  "cube",	"cycle",  "dancer", "delta",
	"desert", "diary",  "dinner", "doctor", "donkey", "dragon", "drum",
	"duck",	  "eagle",  "earth",  "easel",	"echo",	  "eight",  "elbow",
	"empire", "engine", "fabric", "falcon", "farmer", "fence",  "fiddle",
	"finger", "flame",  "flute",  "forest", "fossil", "fox",    "gadget",
	"garden", "garlic", "gazebo", "ghost",	"giant",  "glass",  "globe",
	"grape",  "gravel", "gravy",  "guitar", "hammer", "harbor", "hat",
	"hazel",  "helmet", "hero",   "hill",	"honey",  "hotel",  "igloo",
	"indigo", "ink",    "insect", "iron",	"island", "ivory",  "jacket",
	"jaguar", "jelly",  "jewel",  "jungle", "kettle", "king",   "kitten",
	"knee",	  "ladder", "lamp",   "lemon",	"lily",	  "lion",   "lizard",
	"llama",  "lobby",  "lunar",  "magnet", "mango",  "maple",  "marble",
	"medal",  "melon",  "mirror", "moon",	"mosaic", "motor",  "museum",
	"napkin", "needle", "nest",   "ninety", "north",  "nurse",  "oak",
	"ocean",  "olive",  "onion",  "opera",	"orange", "orbit",  "otter",
	"owl",	  "oyster", "paddle", "panda",	"paper",  "parrot", "pasta",
	"peanut", "pencil", "pepper", "piano",	"pigeon", "pillow", "pilot",
	"pirate", "planet", "plum",   "pocket", "poem",	  "potato", "prince",
	"puzzle", "quartz", "queen",  "rabbit", "radio",  "raven",  "rhino",
	"ribbon", "river",  "robot",  "ruby",	"salmon", "sandal", "saturn",
	"scarf",  "school", "seven",  "shadow", "silver", "siren",  "skate",
	"snail",  "sofa",   "spider", "spoon",	"sugar",  "summer", "sunset",
	"tailor", "temple", "tennis", "thumb",	"tiger",  "tomato", "trophy",
	"tulip",  "tundra", "tunnel", "turkey", "turtle", "uncle",  "valley",
	"velvet", "violet", "violin", "wagon",	"walnut", "walrus", "whale",
	"window", "yellow", "yogurt", "zebra",
};

const char *words_of(uint8_t value)
{
	return words[value];
}
