using Cote.Events;
using Cote.Models;
using Cote.Primitives;
using Cote.Tools;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>What every run works with.</summary>
sealed record ReplyRunContext(
    ReplyStore Store, ReplyLeases Leases, ReplyCalls Calls, StreamingReplies Streaming, ProviderRegistry Providers,
    Prompt Prompt, GeneratedFiles Files, ToolCallStore ToolCalls, ToolRegistry Tools, ToolOutputs Outputs,
    ToolsOptions ToolLimits, EventLog Events, AssistantsOptions Options, Clock Clock, ILogger<ReplyRun> Log);

/// <summary>What a run does at a moment.</summary>
/// <param name="Retry">Where it waits to call its model again.</param>
/// <param name="HasAsked">Whether its model is called; else the prompt is being made.</param>
/// <param name="HasBegun">Whether the model, or what it answers after tools, has said anything.</param>
/// <param name="ShownAt">When something of it was shown last; null where nothing was.</param>
readonly record struct RunView(ModelRetry? Retry, bool HasAsked, bool HasBegun, Timestamp? ShownAt);
