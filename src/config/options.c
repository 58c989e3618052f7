/* The option table: the one place where an option is defined (key, type, default, range, help).
 * It drives the configuration file, --set, `moedmft options`, validation and the attributes in the output. */
#include <moedmft/config.h>

#include <float.h>
#include <string.h>

#include "config/internal.h"

#define INT_MAX_D 1e9
#define BIG 1e12

/* Conditions that several options share (mdm_option.applies). */
#define BY_HAND "model.parameterization=custom"
#define TOP_K "model.active_fraction<1 or model.active>0, and model.blocks!=[attention]"
#define DEEP "model.depth>0"
#define WITH_MOE "model.blocks!=[attention]"
#define WITH_ATTENTION "model.blocks!=[moe]"
#define SEQUENCES "data.context>1 or data.source=tokens" /* of one token attention passes values on, whatever queries and keys are */
#define LEARNING_ROUTER "model.gate!=constant, and " WITH_MOE
#define FILES "data.source=hdf5|idx"
#define ANY_FILE "data.source!=cosine"
#define HDF5 "data.source=hdf5|tokens"
#define TESTED "data.test>0"
#define ADAM "train.optimizer=adam|adamw"
#define ENTRYWISE "train.optimizer=sign|adam|adamw"
#define BY_PARTICLES "solve.method!=networks"
#define SWEPT "solve.sweeps>0"
#define LINEAR "train.optimizer=sgd|momentum"

/* Exponents of one tensor, by hand. SGD's rates measure gradients, too. */
#define BY_HAND_SGD BY_HAND ", and train.optimizer=sgd|momentum or train.clip>0 or output.ntk=true"
#define BY_HAND_ENTRYWISE BY_HAND ", and " ENTRYWISE
#define BY_HAND_EPS BY_HAND ", and " ADAM ", and train.adam.eps>0, and train.adam.eps_scale=tensor"
#define CUSTOM_OF(tensor, where) \
    {"model.custom." tensor ".std", MDM_OPT_TEXT, "", 0, 0, 0, NULL, "custom: initial standard deviation of " tensor ", e.g. 'N^-1/2' or '0.25 D^-1/2'; 0: starts at zero; empty: as base", BY_HAND where}, \
    {"model.custom." tensor ".lr", MDM_OPT_TEXT, "", 0, 0, 0, NULL, "custom: SGD rate of " tensor " per unit train.lr, e.g. 'M N^-1' or 1; empty: as base", BY_HAND_SGD where}, \
    {"model.custom." tensor ".adam_lr", MDM_OPT_TEXT, "", 0, 0, 0, NULL, "custom: Adam rate of " tensor " per unit train.lr; empty: as base", BY_HAND_ENTRYWISE where}, \
    {"model.custom." tensor ".adam_eps", MDM_OPT_TEXT, "", 0, 0, 0, NULL, "custom: Adam epsilon of " tensor " per unit base epsilon; empty: as base", BY_HAND_EPS where}, \
    {"model.custom." tensor ".multiplier", MDM_OPT_TEXT, "", 0, 0, 0, NULL, "custom: forward multiplier of " tensor "; empty: as base", BY_HAND where}
#define CUSTOM(tensor) CUSTOM_OF(tensor, "")

/* Initial matrices that are not zero by hand. */
#define DRAWN(tensor) "model.parameterization!=custom or model.custom." tensor ".std!=0|0.0"
/* The router of MSSP in regime I starts at zero. */
#define DRAWN_ROUTER DRAWN("Q") ", and model.parameterization!=mssp or model.regime=II|III, and model.parameterization!=custom or model.custom.base!=mssp or " \
    "model.regime=II|III or model.custom.Q.std!="

/* Rows of options that always apply, or whose refusal names more than a condition, end with their help. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

static const mdm_option table[] = {
    /* key, type, default, min, max, min_open, allowed, help, applies */
    {"model.regime", MDM_OPT_ENUM, "II", 0, 0, 0, "I|II|III", "scaling regime; I: N, N_e grow, M, K fixed; II: N, M, K grow, N_e fixed; III: all grow"},
    {"model.parameterization", MDM_OPT_ENUM, "mssp", 0, 0, 0, "mssp|mup|mcb|mcb_table|simplep|jbph|jbph_eps|ntp|standard|custom", "exponents of initialization and learning rates (docs/theory.md)"},
    {"model.router_gamma", MDM_OPT_REAL, "1.0", 0.5, 100, 0, NULL, "jbph, jbph_eps: the router starts with standard deviation N^-router_gamma", "model.parameterization=jbph|jbph_eps or model.custom.base=jbph|jbph_eps, and model.parameterization!=custom or model.custom.Q.std="},
    {"model.expert_width", MDM_OPT_INT, "3", 1, 1e6, 0, NULL, "N_e, neurons per expert (regime II)", "model.regime=II, and " WITH_MOE},
    {"model.experts_ratio", MDM_OPT_REAL, "1.0", 0, 1e6, 1, NULL, "M/N, experts per stream neuron (regimes II and III)", "model.regime=II|III, and " WITH_MOE},
    {"model.expert_width_ratio", MDM_OPT_REAL, "1.0", 0, 1e6, 1, NULL, "N_e/N, neurons per expert relative to the stream (regimes I and III)", "model.regime=I|III"},
    {"model.experts", MDM_OPT_INT, "4", 1, 1e6, 0, NULL, "M, number of experts (regime I)", "model.regime=I"},
    {"model.active", MDM_OPT_INT, "0", 0, 1e6, 0, NULL, "K, experts per token (regime I); 0: all", "model.regime=I"},
    {"model.active_fraction", MDM_OPT_REAL, "1.0", 0, 1, 1, NULL, "K/M; 1 is soft routing, below 1 each token uses its top K experts", "model.regime=II|III or model.active=0, and " WITH_MOE},
    {"model.depth", MDM_OPT_INT, "0", 0, 10000, 0, NULL, "L, residual blocks h <- h + L^-b MoE(norm(h)); 0: one block without residual sum, f read off its output"},
    {"model.blocks", MDM_OPT_WORD_LIST, "[moe]", 0, 0, 0, "moe|attention", "depth: residual blocks of a layer, in order, which model.depth repeats: [attention, moe] is a transformer", DEEP},
    {"model.head_width", MDM_OPT_INT, "4", 1, 1e6, 0, NULL, "attention: d_k, width of a head (regime II)", WITH_ATTENTION ", and model.regime=II|III"},
    {"model.heads_ratio", MDM_OPT_REAL, "0.25", 0, 1e6, 1, NULL, "attention: H/N, heads per stream neuron (regime II)", WITH_ATTENTION ", and model.regime=II|III"},
    {"model.heads", MDM_OPT_INT, "4", 1, 1e6, 0, NULL, "attention: H, number of heads (regime I, where they widen)", WITH_ATTENTION ", and model.regime=I; elsewhere model.heads_ratio"},
    {"model.head_width_ratio", MDM_OPT_REAL, "0.25", 0, 1e6, 1, NULL, "attention: d_k/N, width of a head relative to the stream (regime I)", WITH_ATTENTION ", and model.regime=I; elsewhere model.head_width"},
    {"model.query_groups", MDM_OPT_INT, "1", 1, 1e6, 0, NULL, "attention: G, heads that share one key and value head; 1: each has its own", WITH_ATTENTION},
    {"model.attention_scale", MDM_OPT_ENUM, "sqrt", 0, 0, 0, "sqrt|full", "attention: scores are q.k / sqrt(d_k), or q.k / d_k", WITH_ATTENTION ", and " SEQUENCES " or model.regime=I"},
    {"model.attention_output", MDM_OPT_ENUM, "standard", 0, 0, 0, "standard|mup", "attention: initial standard deviation of W_O, of 1/sqrt(fan-in), or that of a mean over heads (docs/theory.md)", WITH_ATTENTION ", and model.parameterization!=custom or model.custom.W_O.std="},
    {"model.causal", MDM_OPT_BOOL, "true", 0, 0, 0, NULL, "attention: tokens see those before them and themselves; false: all tokens of their sequence", WITH_ATTENTION ", and " SEQUENCES},
    {"model.position", MDM_OPT_ENUM, "learned", 0, 0, 0, "learned|rotary|none", "positions: a table in the inputs (of tokens; or what inputs say of them), or queries and keys that turn (rotary, even d_k), or none", WITH_ATTENTION " or data.source=tokens|text, and " SEQUENCES "|text"},
    {"model.position_std", MDM_OPT_REAL, "0.5", 0, BIG, 0, NULL, "tokens, text: initial standard deviation of positions beside an embedding of 1; 0: none", "data.source=tokens|text, and model.position=learned"},
    {"model.query_key_norm", MDM_OPT_BOOL, "false", 0, 0, 0, NULL, "attention: RMS normalization of queries and keys over d_k, without gain, epsilon model.norm_eps", WITH_ATTENTION ", and " SEQUENCES},
    {"model.branch_exponent", MDM_OPT_REAL, "1.0", -10, 10, 0, NULL, "depth: b, every branch carries L^-b; rates follow (docs/theory.md, depth)", DEEP},
    {"model.input", MDM_OPT_ENUM, "activation", 0, 0, 0, "activation|linear", "depth: the stream starts as h = phi(z), or as h = z", DEEP},
    {"model.norm", MDM_OPT_ENUM, "none", 0, 0, 0, "none|rms|layer", "depth: normalization over the stream before every block, without gain", DEEP},
    {"model.norm_eps", MDM_OPT_REAL, "1e-6", 0, BIG, 0, NULL, "depth: epsilon of the normalization, s^2 = mean square + epsilon", DEEP ", and model.norm=rms|layer or model.query_key_norm=true"},
    {"model.output", MDM_OPT_ENUM, "none", 0, 0, 0, "none|norm|tanh|relu|gelu|erf", "depth: between stream and readout: nothing, the normalization of model.norm, or an activation", DEEP},
    {"model.shared_fraction", MDM_OPT_REAL, "0", 0, 1, 0, NULL, "regimes II and III: fraction of the experts that serve every token with g = 1; K/M refers to the others", "model.regime=II|III, and " WITH_MOE "; in regime I model.shared_experts"},
    {"model.shared_experts", MDM_OPT_INT, "0", 0, 1e6, 0, NULL, "regime I: how many of the M experts serve every token with g = 1; K refers to the others", "model.regime=I; elsewhere model.shared_fraction"},
    {"model.dense_blocks", MDM_OPT_INT_LIST, "[]", 0, 10000, 0, NULL, "depth: MoE blocks, counted from 0 among all blocks, whose experts are all shared", DEEP ", and " WITH_MOE},
    {"model.activation", MDM_OPT_ENUM, "tanh", 0, 0, 0, "tanh|relu|gelu|erf|identity", "stream nonlinearity, h = phi(z)", "model.depth=0 or model.input=activation"},
    {"model.expert_activation", MDM_OPT_ENUM, "tanh", 0, 0, 0, "tanh|relu|gelu|erf|identity", "expert nonlinearity, y = g phi_e(u)", WITH_MOE},
    {"model.gate", MDM_OPT_ENUM, "sigmoid", 0, 0, 0, "sigmoid|normalized_sigmoid|softmax|linear|constant", "gate g(psi); normalized gates have mean 1 over experts; constant: g = 1, the router does not learn", WITH_MOE},
    {"model.gate_scope", MDM_OPT_ENUM, "all", 0, 0, 0, "all|selected", "experts that a normalized gate normalizes over: all, or the top K of the token", "model.gate=normalized_sigmoid|softmax, and " TOP_K},
    {"model.router_bias_std", MDM_OPT_REAL, "0", 0, BIG, 0, NULL, "standard deviation of initial selection biases b; with biases the top K are those of g + b", TOP_K},
    {"model.router_bias_seed", MDM_OPT_INT, "1", 0, 9007199254740992.0, 0, NULL, "draws these biases in regime I, where they are the same in every run and in the limit; elsewhere every run draws its own from seed", "model.regime=I, and model.router_bias_std>0, and " TOP_K},
    {"model.gate_temperature", MDM_OPT_REAL, "1.0", 0, BIG, 1, NULL, "psi = Q h / temperature", WITH_MOE},
    {"model.gate_multiplier", MDM_OPT_REAL, "1.0", 0, BIG, 1, NULL, "constant factor of the gate", WITH_MOE},
    {"model.readout_std", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "standard deviation of v = N w_out at initialization; 0 starts the readout at zero", DRAWN("w_out")},
    {"model.init.input", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "sigma_in, multiplies the initial W_in", DRAWN("W_in")},
    {"model.init.router", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "sigma_q, multiplies the initial router Q", DRAWN_ROUTER ", and " WITH_MOE},
    {"model.init.expert_in", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "sigma_1, multiplies the initial W1", DRAWN("W1") ", and " WITH_MOE},
    {"model.init.expert_out", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "sigma_2, multiplies the initial W2", DRAWN("W2") ", and " WITH_MOE},
    {"model.init.attention_in", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "attention: multiplies the initial W_Q, W_K and W_V", DRAWN("W_qkv") ", and " WITH_ATTENTION},
    {"model.init.attention_out", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "attention: multiplies the initial W_O", DRAWN("W_O") ", and " WITH_ATTENTION},
    {"model.custom.base", MDM_OPT_ENUM, "mup", 0, 0, 0, "mssp|mup|mcb|mcb_table|simplep|jbph|jbph_eps|ntp|standard", "custom: the parameterization that fills whatever is not given below", BY_HAND},
    {"model.custom.tied", MDM_OPT_ENUM, "base", 0, 0, 0, "base|true|false", "custom: all experts start from the same draw of W1 and W2 (regime III)", BY_HAND ", and model.regime=III"},
    CUSTOM("W_in"),
    CUSTOM_OF("Q", ", and " WITH_MOE),
    CUSTOM_OF("W1", ", and " WITH_MOE),
    CUSTOM_OF("W2", ", and " WITH_MOE),
    CUSTOM_OF("W_qkv", ", and " WITH_ATTENTION),
    CUSTOM_OF("W_O", ", and " WITH_ATTENTION),
    CUSTOM("w_out"),

    {"data.source", MDM_OPT_ENUM, "cosine", 0, 0, 0, "cosine|hdf5|idx|tokens|text", "cosine: the built-in test set; hdf5: data.x and data.y of a file; idx: MNIST family, plain or gzip; tokens: sequences of integers in HDF5; text: a file's bytes, the next one the target"},
    {"data.file", MDM_OPT_TEXT, "", 0, 0, 0, "path", "HDF5 file, IDX images, or a text", ANY_FILE},
    {"data.labels", MDM_OPT_TEXT, "", 0, 0, 0, "path", "IDX labels that go with data.file", "data.source=idx"},
    {"data.test_file", MDM_OPT_TEXT, "", 0, 0, 0, "path", "test part; empty: test samples come from data.file, disjoint from the train part", "data.source=hdf5|idx|tokens, and " TESTED},
    {"data.test_labels", MDM_OPT_TEXT, "", 0, 0, 0, "path", "IDX labels that go with data.test_file", "data.source=idx, and " TESTED},
    {"data.x", MDM_OPT_TEXT, "/x", 0, 0, 0, NULL, "inputs in an HDF5 file, a data set P x D, possibly in groups: /train/x; tokens: sequences x T, the default is /tokens", HDF5},
    {"data.y", MDM_OPT_TEXT, "/y", 0, 0, 0, NULL, "targets or class labels in an HDF5 file, P or P x C; tokens: sequences x T, negative ones to be ignored, or a label for each sequence, the default is /targets", HDF5},
    {"data.test_x", MDM_OPT_TEXT, "", 0, 0, 0, NULL, "inputs of the test part, in data.test_file or (where that is empty) in data.file; empty: the name in data.x", HDF5 ", and " TESTED},
    {"data.test_y", MDM_OPT_TEXT, "", 0, 0, 0, NULL, "its targets; empty: the name in data.y", HDF5 ", and " TESTED},
    {"data.train", MDM_OPT_INT, "0", 0, INT_MAX_D, 0, NULL, "train samples (tokens, text: sequences); 0: all there are (cosine: 4)"},
    {"data.test", MDM_OPT_INT, "0", 0, INT_MAX_D, 0, NULL, "test samples (tokens, text: sequences); 0: none"},
    {"data.dimension", MDM_OPT_INT, "6", 1, 1e6, 0, NULL, "input dimension D of the cosine set", "data.source=cosine"},
    {"data.context", MDM_OPT_INT, "1", 1, 1e6, 0, NULL, "T, tokens of a sequence: samples follow each other in sequences, whose tokens attention blocks mix", "data.source=cosine|text"},
    {"data.classes", MDM_OPT_INT_LIST, "[]", 0, 255, 0, NULL, "labels to keep, in the order of the outputs; []: all", FILES},
    {"data.targets", MDM_OPT_ENUM, "auto", 0, 0, 0, "auto|sign|onehot", "targets of class labels; auto: sign (one output, +1 and -1) for two classes, else one-hot", FILES},
    {"data.standardize", MDM_OPT_ENUM, "auto", 0, 0, 0, "auto|none|global|feature|sample", "auto: global for idx, none otherwise", "data.source!=tokens|text"},
    {"data.seed", MDM_OPT_INT, "0", 0, INT_MAX_D, 0, NULL, "draws the subset and the order of minibatches", FILES " or train.batch!=full"},

    {"train.optimizer", MDM_OPT_ENUM, "sgd", 0, 0, 0, "sgd|momentum|sign|adam|adamw", "optimizer, with PyTorch's conventions; rates and Adam's epsilon are scaled per tensor by the parameterization"},
    {"train.momentum", MDM_OPT_REAL, "0.9", 0, 1, 0, NULL, "momentum: mu, below 1", "train.optimizer=momentum"},
    {"train.weight_decay", MDM_OPT_REAL, "0", 0, BIG, 0, NULL, "sgd, momentum, sign: lambda; every weight shrinks by train.lr x lr_multiplier x lambda per step (see train.decay_scale)", "train.optimizer=sgd|momentum|sign; for adamw: train.adam.weight_decay"},
    {"train.adam.beta1", MDM_OPT_REAL, "0.9", 0, 1, 0, NULL, "adam, adamw: decay of the first moment, below 1", ADAM},
    {"train.adam.beta2", MDM_OPT_REAL, "0.999", 0, 1, 0, NULL, "adam, adamw: decay of the second moment, below 1", ADAM},
    {"train.adam.eps", MDM_OPT_REAL, "1e-8", 0, BIG, 0, NULL, "adam, adamw: base epsilon, in units of the natural gradient where train.adam.eps_scale is tensor", ADAM},
    {"train.adam.eps_scale", MDM_OPT_ENUM, "tensor", 0, 0, 0, "tensor|global", "epsilon follows the size of each tensor's gradient (the parameterization's powers), or is one number for all", ADAM ", and train.adam.eps>0"},
    {"train.adam.weight_decay", MDM_OPT_REAL, "0.01", 0, BIG, 0, NULL, "adamw: decoupled weight decay lambda", "train.optimizer=adamw"},
    {"train.decay_scale", MDM_OPT_ENUM, "base", 0, 0, 0, "base|tensor", "weights shrink by train.lr x lr_multiplier x lambda per step, at every width alike; or by (the tensor's own scaled rate x lambda), as a plain PyTorch parameter group would", "train.weight_decay>0 or train.optimizer=adamw"},
    {"train.clip", MDM_OPT_REAL, "0", 0, BIG, 0, NULL, "largest norm of the gradient, sqrt(sum over tensors of (SGD rate / train.lr, without multipliers) |dL/dW|^2); 0: no clipping", "train.optimizer!=sign"},
    {"train.schedule", MDM_OPT_ENUM, "constant", 0, 0, 0, "constant|linear|cosine", "learning rate after the warm-up: constant, or falling from the end of the warm-up to final_lr at step train.steps (as LinearLR, CosineAnnealingLR)"},
    {"train.warmup", MDM_OPT_INT, "0", 0, 1e7, 0, NULL, "steps of linear warm-up of the learning rate"},
    {"train.final_lr", MDM_OPT_REAL, "0", 0, 1, 0, NULL, "linear, cosine: final learning rate as a fraction of train.lr", "train.schedule=linear|cosine"},
    {"train.lr", MDM_OPT_REAL, "0.5", 0, DBL_MAX, 0, NULL, "base learning rate eta; the parameterization scales it per tensor"},
    {"train.lr_multiplier.input", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "factor of eta for W_in"},
    {"train.lr_multiplier.router", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "factor of eta for Q", LEARNING_ROUTER},
    {"train.lr_multiplier.expert_in", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "factor of eta for W1", WITH_MOE},
    {"train.lr_multiplier.expert_out", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "factor of eta for W2", WITH_MOE},
    {"train.lr_multiplier.attention_in", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "attention: factor of eta for W_Q, W_K and W_V", WITH_ATTENTION},
    {"train.lr_multiplier.attention_out", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "attention: factor of eta for W_O", WITH_ATTENTION},
    {"train.lr_multiplier.readout", MDM_OPT_REAL, "1.0", 0, BIG, 0, NULL, "factor of eta for w_out"},
    {"train.bias_rate", MDM_OPT_REAL, "0", 0, BIG, 0, NULL, "load balancing by biases: b <- b - bias_rate (load - K/M) after every step", TOP_K},
    {"train.bias_update", MDM_OPT_ENUM, "proportional", 0, 0, 0, "proportional|sign", "balancing by biases: steps proportional to load - K/M, or of its sign", "train.bias_rate>0"},
    {"train.balance", MDM_OPT_ENUM, "none", 0, 0, 0, "none|switch|importance", "balancing loss, mean over blocks: switch (top-K): M sum f_m P_m, f share of assignments, P mean gate share; importance: squared coefficient of variation of P", LEARNING_ROUTER ", and train.balance=importance or " TOP_K},
    {"train.balance_coefficient", MDM_OPT_REAL, "0.01", 0, BIG, 0, NULL, "coefficient of the balancing loss", "train.balance!=none"},
    {"train.z_loss", MDM_OPT_REAL, "0", 0, BIG, 0, NULL, "coefficient of the z-loss, mean over blocks and samples of lambda^2, lambda = log of the mean over experts of e^psi (centred: without log M)", LEARNING_ROUTER},
    {"train.steps", MDM_OPT_INT, "24", 0, 1e7, 0, NULL, "gradient steps; everything is recorded before each step and after the last"},
    {"train.loss", MDM_OPT_ENUM, "mse", 0, 0, 0, "mse|cross_entropy", "mse: (1/2P) sum (f-y)^2; cross_entropy: softmax, or logistic for one output"},
    {"train.loss_multiplier", MDM_OPT_REAL, "1.0", 0, BIG, 1, NULL, "constant factor of the loss (2 removes the 1/2 of mse)"},
    {"train.batch", MDM_OPT_WORD_INT, "full", 1, INT_MAX_D, 0, "full", "full batch, or the number of fresh samples per step"},

    {"solve.method", MDM_OPT_ENUM, "particles", 0, 0, 0, "particles|networks|auto", "where the limit comes from: sample particles, or families of finite networks, extrapolated to N = infinity; auto: the cheaper, by short pilots of both"},
    {"solve.widths", MDM_OPT_INT_LIST, "[]", 2, 1e7, 0, NULL, "stream widths N of the networks of a family, each 2, 4, 8, ... times the one before; from three on the smallest checks the others; []: from solve.accuracy, or [16, 32, 64, 128]", "solve.method=networks|auto"},
    {"solve.matched", MDM_OPT_BOOL, "true", 0, 0, 0, NULL, "initial weights of these networks have exact moments along up to N/6 principal components of the inputs", "solve.method=networks|auto"},
    {"solve.particles", MDM_OPT_INT, "0", 0, 1e9, 0, NULL, "sample particles of the stream population in the limit; 0: from solve.accuracy, or 20000 where solve.replicas alone is given", BY_PARTICLES},
    {"solve.expert_particles", MDM_OPT_INT, "0", 0, 1e9, 0, NULL, "expert particles (regimes II and III), model.active_fraction of them a whole number; 0: automatic", "model.regime=II|III, and " WITH_MOE ", and " BY_PARTICLES},
    {"solve.head_particles", MDM_OPT_INT, "0", 0, 1e9, 0, NULL, "attention: head particles, each a group of model.query_groups heads; 0: automatic", WITH_ATTENTION ", and model.regime=II|III, and " BY_PARTICLES},
    {"solve.neuron_particles", MDM_OPT_INT, "0", 0, 1e9, 0, NULL, "sample neurons per expert particle (regimes I and III), even where experts share none, and of a head in regime I; 0: automatic", "model.regime=I|III, and " BY_PARTICLES},
    {"solve.replicas", MDM_OPT_INT, "0", 0, 1e6, 0, NULL, "independent solutions (or families of networks), whose spread gives the standard error; 0: from solve.accuracy, or 12 where solve.particles alone is given"},
    {"solve.depths", MDM_OPT_INT_LIST, "[]", 1, 10000, 0, NULL, "compare, coordcheck: solve at these depths L too, and extrapolate in 1/L, or fit powers of L, from 4 on; [4, 8, 16]: the third checks", DEEP},
    {"solve.accuracy", MDM_OPT_REAL, "0", 0, 1, 0, NULL, "standard error of the loss curves, relative (RMS over steps / RMS), that sizes are chosen for; 0: 1e-3 where none are given, 1e-2 by networks", "solve.particles<1 or solve.replicas<1, and solve.replicas<1 or " BY_PARTICLES},
    {"solve.bias_check", MDM_OPT_BOOL, "false", 0, 0, 0, NULL, "solve, compare, coordcheck: estimate the bias that no standard error holds, from solutions by half of the particles, a quarter of solve.tolerance and half of solve.rank (3 or more replicas; about three times the work)", BY_PARTICLES},
    {"solve.tolerance", MDM_OPT_REAL, "0.01", 0, 1, 1, NULL, "relative amplitude below which a direction is not new", BY_PARTICLES " or output.responses=true"},
    {"solve.tolerance_of", MDM_OPT_ENUM, "token", 0, 0, 0, "token|batch", "whose root mean square solve.tolerance is relative to: one token's, or the root of the power of all tokens of a step", "solve.sweeps<1, and " BY_PARTICLES},
    {"solve.rank", MDM_OPT_INT, "0", 0, 1e6, 0, NULL, "directions that each field keeps, and up to a quarter and a step's more; older ones are forgotten, at a bias about 1/rank; 0: all", LINEAR ", and solve.sweeps<1, and output.responses=false, and output.parts=false, and " BY_PARTICLES},
    {"solve.pairs", MDM_OPT_ENUM, "skeleton", 0, 0, 0, "skeleton|full", "entrywise optimizers: learned parts from a skeleton of pivot rows and columns, or from the table of all pairs of particles", ENTRYWISE ", and " BY_PARTICLES},
    {"solve.pivots", MDM_OPT_INT, "128", 4, 1e6, 0, NULL, "skeleton: pivot rows and columns of each matrix (at most its size)", ENTRYWISE ", and solve.pairs=skeleton, and " BY_PARTICLES},
    {"solve.sweeps", MDM_OPT_INT, "0", 0, 1e6, 0, NULL, "self-consistency sweeps after the causal pass, at most: new particles under given kernels and responses (sgd, momentum)", BY_PARTICLES},
    {"solve.mixing", MDM_OPT_ENUM, "average", 0, 0, 0, "average|damped|anderson", "next state of the sweeps: mean of states since residuals first stood at the noise, a damped step, or Anderson mixing", SWEPT},
    {"solve.damping", MDM_OPT_REAL, "0.5", 0, 1, 1, NULL, "how far the state moves at most towards what a sweep found; 1: all the way", SWEPT},
    {"solve.anderson_depth", MDM_OPT_INT, "4", 1, 100, 0, NULL, "anderson: differences of earlier sweeps that are combined", SWEPT ", and solve.mixing=anderson"},
    {"solve.settled", MDM_OPT_INT, "3", 1, 1e6, 0, NULL, "sweeps in a row whose residual must stand at the sampling noise; then sweeps end", SWEPT},
    {"solve.start", MDM_OPT_ENUM, "causal", 0, 0, 0, "causal|lazy", "state before the first sweep: of the causal pass, or of a network that does not learn", SWEPT},
    {"solve.precision", MDM_OPT_ENUM, "single", 0, 0, 0, "single|double", "arithmetic of the limit; single is rounding far below the sampling noise"},

    {"simulate.widths", MDM_OPT_INT_LIST, "[32, 64, 128, 256]", 1, 1e7, 0, NULL, "stream widths N"},
    {"simulate.depths", MDM_OPT_INT_LIST, "[]", 1, 10000, 0, NULL, "compare, coordcheck: networks of every width at these depths L too, likewise", DEEP},
    {"simulate.seeds", MDM_OPT_INT_LIST, "[32]", 1, 1e7, 0, NULL, "networks per width: one number, or one for each width"},
    {"simulate.precision", MDM_OPT_ENUM, "double", 0, 0, 0, "single|double", "arithmetic of the networks"},

    {"output.every", MDM_OPT_INT, "1", 1, INT_MAX_D, 0, NULL, "evaluate the test part every so many steps (and after the last), and store the train predictions of these steps", NULL},
    {"output.kernels", MDM_OPT_BOOL, "true", 0, 0, 0, NULL, "store kernels on the time grid output.times"},
    {"output.responses", MDM_OPT_BOOL, "false", 0, 0, 0, NULL, "store response functions on the time grid (full batch)"},
    {"output.statistics", MDM_OPT_BOOL, "true", 0, 0, 0, NULL, "store loads and differences between experts, and on the time grid quantiles, histograms and alignments"},
    {"output.histogram.bins", MDM_OPT_INT, "81", 1, 10000, 0, NULL, "bins of equal width, plus one below and one above; odd numbers keep 0 off the edges", "output.statistics=true"},
    {"output.histogram.range", MDM_OPT_REAL, "4", 0, BIG, 1, NULL, "histograms cover -range to range (logits) and 0 to range/2 (gates)", "output.statistics=true"},
    {"output.ntk", MDM_OPT_BOOL, "false", 0, 0, 0, NULL, "store the tangent kernel on the time grid: one more backward pass for each output"},
    {"output.parts", MDM_OPT_BOOL, "false", 0, 0, 0, NULL, "store initial, propagating and effective parts of every product on the time grid"},
    {"output.times", MDM_OPT_INT_LIST, "[]", 0, INT_MAX_D, 0, NULL, "steps of the time grid; []: five from 0 to train.steps", "output.kernels=true or output.responses=true or output.statistics=true or output.ntk=true or output.parts=true"},
    {"output.blocks", MDM_OPT_INT_LIST, "[]", 0, 10000, 0, NULL, "depth: blocks, counted from 0, whose kernels and responses are stored; []: all", DEEP ", and output.kernels=true or output.responses=true"},
    {"output.checkpoint", MDM_OPT_REAL, "10", 0, 1e6, 0, NULL, "minutes after which a run in progress is saved, to go on from there when it is ended; 0: only on signals"},
    {"output.every_seed", MDM_OPT_ENUM, "auto", 0, 0, 0, "auto|true|false", "store every seed (or replica) beside mean and standard error, so that more can be added; auto: up to 16 MB of them"},

    {"seed", MDM_OPT_INT, "1", 0, 9007199254740992.0, 0, NULL, "seed of everything random in solver and simulator"},
};

int mdm_option_is_path(const mdm_option *o) { return o->type == MDM_OPT_TEXT && o->allowed; }

const mdm_option *mdm_options(size_t *n) {
  *n = sizeof table / sizeof *table;
  return table;
}

long mdm_option_find(const char *key) {
  size_t n;
  const mdm_option *o = mdm_options(&n);
  for (size_t i = 0; i < n; i++)
    if (strcmp(o[i].key, key) == 0) return (long)i;
  return -1;
}
