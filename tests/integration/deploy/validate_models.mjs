// Holds resources against the structure that their own projects publish; prints each kind that holds.
import { readFileSync } from "node:fs";
import { ScaledObject, TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";

const models = { ScaledObject, ServiceMonitor, TriggerAuthentication };

for (const one of JSON.parse(readFileSync(0, "utf-8"))) {
  new models[one.kind](one).validate();
  console.log(one.kind);
}
