using System.Text.Json.Nodes;
using Cote.Http;
using Cote.Models;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// An error in OpenAI's words. The official clients make their classes of the status, and programs read the code.
/// </summary>
/// <param name="Status">The status of the answer.</param>
/// <param name="Type">The group of errors.</param>
/// <param name="Code">The stable code.</param>
/// <param name="Message">One sentence.</param>
/// <param name="Param">The field of the request, or null.</param>
sealed record OpenAIError(int Status, string Type, string Code, string Message, string? Param = null)
{
    public const string Invalid = "invalid_request_error";
    public const string Server = "server_error";

    /// <summary>False where another try would be billed again, or cannot help: <c>x-should-retry: false</c>.</summary>
    public bool MayRetry { get; init; } = true;

    /// <summary>How long a client should wait before it tries again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>400: a field that cannot be taken here.</summary>
    public static OpenAIError Unsupported(string param, string message) =>
        new(400, Invalid, "unsupported_parameter", message, param);

    /// <summary>400: a field that is wrong.</summary>
    public static OpenAIError Wrong(string? param, string message) =>
        new(400, Invalid, "invalid_value", message, param);

    /// <summary>400: a field that must be there.</summary>
    public static OpenAIError Missing(string param) =>
        new(400, Invalid, "missing_required_parameter", $"Missing required parameter: '{param}'.", param);

    /// <summary>404: there is no such model.</summary>
    public static OpenAIError NoModel(string name) => new(404, Invalid, "model_not_found",
        $"The model `{Excerpt.Of(name, 200)}` does not exist or you do not have access to it.", "model");

    /// <summary>The error that a problem of the catalogue is.</summary>
    public static OpenAIError Of(Problem problem)
    {
        var error = problem.Errors is [var field, ..]
            ? new OpenAIError(400, Invalid, CodeOf(problem.Code, field.Type), SentenceOf(field), ParamOf(field.Loc))
            : problem.Status switch
            {
                401 => new(401, Invalid, "invalid_api_key", problem.Detail),
                403 => new(403, "permission_error", problem.Code, problem.Detail),
                422 => new(400, Invalid, problem.Code, problem.Detail),
                429 when problem.Code == Problems.BudgetExceeded.Code =>
                    new(429, "insufficient_quota", "insufficient_quota", problem.Detail) { MayRetry = false },
                429 when problem.Code == Problems.TooManyRequests.Code =>
                    new(429, "requests", "rate_limit_exceeded", problem.Detail),
                429 => new(429, "requests", problem.Code, problem.Detail),
                >= 500 => new(problem.Status, Server, problem.Code, problem.Detail),
                _ => new(problem.Status, Invalid, problem.Code, problem.Detail),
            };
        return error with { RetryAfter = problem.RetryAfter };
    }

    /// <summary>The error that a fault of a model is, after a call was begun.</summary>
    public static OpenAIError Of(ModelFault fault)
    {
        var (status, type, code) = fault.Code switch
        {
            "rate_limited" => (429, "requests", "rate_limit_exceeded"),
            "timeout" => (504, Server, "timeout"),
            "context_too_long" => (400, Invalid, "context_length_exceeded"),
            "filtered" => (400, Invalid, "content_filter"),
            "unsupported_media" => (400, Invalid, "unsupported_media"),
            "budget_exceeded" => (429, "insufficient_quota", "insufficient_quota"),
            _ when fault.Detail == ModelFault.Refused.Detail => (400, Invalid, "refused_by_provider"),
            _ when fault.Detail == ModelFault.Starting.Detail => (503, Server, "model_not_ready"),
            var other => (502, Server, other),
        };
        return new(status, type, code, fault.Detail) { MayRetry = false, RetryAfter = fault.RetryAfter };
    }

    static string CodeOf(string code, string type) =>
        code != "validation_error" ? code : type == "missing" ? "missing_required_parameter" : "invalid_value";

    static string SentenceOf(FieldError field) =>
        ParamOf(field.Loc) is { } param ? $"{param}: {field.Msg}" : field.Msg;

    // ["body","messages",0,"role"] is messages[0].role.
    static string? ParamOf(JsonArray loc)
    {
        var param = "";
        foreach (var part in loc.Skip(1))
            param += part!.GetValueKind() == System.Text.Json.JsonValueKind.Number ? $"[{part}]"
                : param.Length > 0 ? $".{part}" : $"{part}";
        return param.Length > 0 && loc[^1]!.GetValueKind() == System.Text.Json.JsonValueKind.String ? param : null;
    }

    /// <summary>It as JSON: <c>{"error":{…}}</c>.</summary>
    public byte[] ToJson() => ApiResults.Write(json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        json.WriteString("message"u8, Message);
        json.WriteString("type"u8, Type);
        json.WriteString("param"u8, Param);
        json.WriteString("code"u8, Code);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    /// <summary>It as the last event of a stream of responses.</summary>
    public byte[] ToEvent() => ApiResults.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "error");
        json.WriteString("code"u8, Code);
        json.WriteString("message"u8, Message);
        json.WriteString("param"u8, Param);
        json.WriteEndObject();
    });

    /// <summary>Writes the headers that go with it.</summary>
    public void WriteHeaders(HttpContext http)
    {
        if (!MayRetry)
            http.Response.Headers["x-should-retry"] = "false";
        if (RetryAfter is { } wait)
            http.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString();
    }

    /// <summary>Answers a request with it.</summary>
    public Task WriteAsync(HttpContext http)
    {
        WriteHeaders(http);
        return ApiResults.Json(ToJson(), Status).ExecuteAsync(http);
    }
}

/// <summary>Problems under <c>/v1</c>, in OpenAI's words.</summary>
sealed class OpenAIErrors() : ProblemShape(Path)
{
    public const string Path = "/v1";

    public override Task WriteAsync(HttpContext http, Problem problem) => OpenAIError.Of(problem).WriteAsync(http);
}
