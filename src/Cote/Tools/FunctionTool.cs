using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Tools;

/// <summary>A function that is compiled into the server.</summary>
sealed class FunctionTool : ServerTool
{
    static readonly JsonWriterOptions Compactly = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly AIFunction _function;
    readonly IServiceProvider? _services;

    /// <exception cref="ArgumentException">Its name is none that models take.</exception>
    public FunctionTool(AIFunction function, ToolSettings settings, IServiceProvider? services)
    {
        (_function, _services) = (function, services);
        if (!ToolNames.IsName(function.Name))
            throw new ArgumentException(
                $"`{function.Name}` is no name of a tool: it has 1 to 64 letters, digits, `_` and `-`.");
        Definition = new(
            function.Name, settings.Title, ToolSources.Server, function.Description, function.JsonSchema)
        {
            Asks = settings.Approval == ToolApproval.Ask,
            IsReadOnly = settings.IsReadOnly,
            IsRepeatable = settings.IsReadOnly || settings.IsIdempotent,
            IsTrusted = settings.IsTrusted,
        };
    }

    public override ToolDefinition Definition { get; }

    public override async Task<ToolOutput> RunAsync(ToolExecution execution, CancellationToken ct)
    {
        var arguments = new AIFunctionArguments(
            execution.Arguments.EnumerateObject().ToDictionary(x => x.Name, x => (object?)x.Value))
        {
            Services = _services,
            Context = new Dictionary<object, object?>
            {
                [typeof(ToolCallContext)] = new ToolCallContext(
                    execution.UserId, execution.ChatId, execution.ReplyId, execution.CallId, execution.Key),
            },
        };
        object? result;
        try
        {
            result = await _function.InvokeAsync(arguments, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (ProblemException error)
        {
            throw new ToolException(ToolErrors.Failed, error.Problem.Sentence, isUnknown: false, error);
        }
#pragma warning disable CA1031 // A function is foreign code: whatever it throws is its failure.
        catch (Exception error)
#pragma warning restore CA1031
        {
            // Its message may hold what a model must not see.
            throw new ToolException(
                ToolErrors.Failed, $"The tool failed ({error.GetType().Name})", isUnknown: false, error);
        }
        return result switch
        {
            null or JsonElement { ValueKind: JsonValueKind.Null } => new(""),
            string text => new(WellFormedText.Of(text)),
            JsonElement { ValueKind: JsonValueKind.String } text => new(WellFormedText.Of(text.String() ?? "")),
            JsonElement value => new(Compact(value), IsJson: true),
            DataContent data => new("") { Files = [new(data.MediaType, data.Name, data.Data)] },
            _ => new(ToolJson.TextOf(new("", result)), IsJson: true),
        };
    }

    // The white space that the factory of functions writes is tokens.
    static string Compact(JsonElement value)
    {
        using var buffer = new MemoryStream();
        try
        {
            using (var json = new Utf8JsonWriter(buffer, Compactly))
                value.WriteTo(json);
            return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
        }
        catch (InvalidOperationException)
        {
            return value.GetRawText(); // It holds half a character, and becomes a text.
        }
    }
}
