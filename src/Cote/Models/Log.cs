using Microsoft.Extensions.Logging;

namespace Cote.Models;

/// <summary>What this room logs.</summary>
static partial class ModelsLog
{
    [LoggerMessage(1700, LogLevel.Information,
        "Model {Model} of provider {Provider} refuses {Field}: calls leave it out until the next start")]
    public static partial void RefusedField(this ILogger log, string provider, string model, Omissions field);

    [LoggerMessage(1701, LogLevel.Warning,
        "The models of provider {Provider} cannot be listed ({Code}): those that are known are offered")]
    public static partial void ModelsNotListed(this ILogger log, string provider, string code);
}
